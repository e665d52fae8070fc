"""Pace: keyframes at a mean rate, from the windows that offer most.

A token bucket: credit grows with time, and each keyframe costs one. A window gets a keyframe if its
best frame is among the best of the last windows; how large a share of them counts as best grows
with the credit. What is asked for therefore falls with the time since the last keyframes: right
after them only something exceptional is forwarded, later anything. A fixed floor of content would
spend everything where things are dense and see nothing of what passes in between. The rule depends
only on the order of worths, so it has no constant that belongs to a camera, a scene or a model.
"""

from __future__ import annotations

from collections import deque

import numpy as np

# Windows for each keyframe. With one, all windows would be alike, and with many, neighbouring
# windows show the same things.
WINDOWS_A_KEYFRAME = 2

# Largest credit, with which every window gets a keyframe. More would save keyframes for dense
# stretches, less would space them evenly. Of 1, 2 and 4, 2 was about as good as the best on CamVid,
# on tours over ICDAR 2015 training photos and on the drawn street.
MOST_CREDIT = 2.0

# Keyframes that are forwarded for other reasons, such as the longest gap, cost credit too. At most
# this many of them are made up for later.
MOST_DEBT = 1.0

# Number of windows with which one is compared.
COMPARED = 32


class Pace:
    """Credit for keyframes, and the worths of the best frames of the last windows.

    Attributes:
        credit: number of keyframes that may be forwarded, -1 to 2.
    """

    def __init__(self) -> None:
        self.credit = 1.0
        self._clock: int | None = None
        self._forwarded = 0
        self._worths: deque[float] = deque(maxlen=COMPARED)

    def end_window(self, worth: float, clock: int, forwarded: int, rate_hz: float) -> None:
        """Note that a window has ended: credit has grown since the one before.

        Args:
            worth: worth of its best frame, at least 0.
            clock: present time, nanoseconds.
            forwarded: number of frames that were forwarded so far, for whatever reason.
            rate_hz: keyframes a second, above 0.
        """
        passed = clock - self._clock if self._clock is not None else 0
        spent = forwarded - self._forwarded
        self._clock, self._forwarded = clock, forwarded
        self.credit = max(-MOST_DEBT, self.credit - spent)
        self.credit = min(MOST_CREDIT, self.credit + rate_hz * passed / 1e9)
        self._worths.append(worth)

    def refusal(self, rate_hz: float) -> str | None:
        """Return why the window that ended last gets no keyframe, as a sentence; None if it does.

        Args:
            rate_hz: keyframes a second, above 0, for the sentence.
        """
        if self.credit <= 0.0:
            return f"More than {rate_hz:g} keyframes a second were forwarded before."
        worth = self._worths[-1]
        least = float(np.quantile(self._worths, 1.0 - self.credit / MOST_CREDIT))
        if worth >= least:
            return None
        return (
            f"The best frame of its window has a worth of {worth:.2f}, and {least:.2f} is asked "
            "for at present."
        )
