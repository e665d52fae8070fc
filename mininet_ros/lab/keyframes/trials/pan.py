"""Trial ``pan``: a camera turns past a wall of photos, faster and faster.

No place on the wall looks like another one: what two keyframes share is known from the geometry
only where nothing is on the wall twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.keyframes.views import ViewMemory, describe_view
from mininet_ros.lab.keyframes.trials.drive import numbered
from mininet_ros.lab.keyframes.trials.outcome import Trial, forwarded, percent, select
from mininet_ros.offline.baselines import even_choice
from mininet_ros.sequences import SequenceError

SIZE = (640, 480)  # of a frame, px
FRAMES = 75
RATE_HZ = 15.0
SPEEDS = (20, 40, 60, 80, 110, 150)  # px a frame


def pan_trial(photos: Iterable[np.ndarray], settings: KeyframeSettings) -> Trial:
    """Pan at each of ``SPEEDS``; what two neighbouring keyframes share is known from the geometry.

    Args:
        photos: (H, W, 3) uint8 BGR, hung side by side, except those that show what another one
            shows; no more are read than are needed.
        settings: of the selector, without its targets.

    Raises:
        SequenceError: the photos are too few for the fastest pan, or too alike.
    """
    wall = _wall(photos, SIZE[0] + SPEEDS[-1] * (FRAMES - 1))
    rows = []
    for speed in SPEEDS:
        views = (wall[:, speed * i : speed * i + SIZE[0]] for i in range(FRAMES))
        chosen = forwarded(select(settings, numbered(map(np.ascontiguousarray, views), RATE_HZ)))
        ours = shared_by_neighbours(chosen, speed)
        even = shared_by_neighbours(even_choice(FRAMES, max(1, len(chosen))), speed)
        rows.append(
            {
                "px a frame": speed,
                "keyframes": len(chosen),
                "of frames": FRAMES,
                "neighbours share, least %": percent(min(ours, default=0.0)),
                "median %": percent(float(np.median(ours))) if ours else None,
                "every-N, least %": percent(min(even, default=0.0)),
                "two frames share %": percent(1.0 - speed / SIZE[0]),
            }
        )
    return Trial(
        "pan",
        f"A view of {SIZE[0]}x{SIZE[1]} px moves sideways over a wall of photos at {RATE_HZ:g} Hz.",
        tuple(rows),
    )


def shared_by_neighbours(chosen: Sequence[int], speed: float) -> list[float]:
    """Share, 0 to 1, of the view that each keyframe has in common with the next one."""
    return [max(0.0, 1.0 - speed * step / SIZE[0]) for step in np.diff(chosen).tolist()]


def _wall(photos: Iterable[np.ndarray], width: int) -> np.ndarray:
    hung, pieces, total, repeating = ViewMemory(max_age_s=math.inf), [], 0, 0
    for photo in photos:
        view = describe_view(photo)
        if hung.knows(view, now_s=0.0):
            repeating += 1
            continue
        hung.add(view, now_s=0.0)
        columns = max(1, round(photo.shape[1] * SIZE[1] / photo.shape[0]))
        pieces.append(cv2.resize(photo, (columns, SIZE[1]), interpolation=cv2.INTER_AREA))
        total += columns
        if total >= width:
            return np.hstack(pieces)
    left_out = f", without {repeating} that repeat others" if repeating else ""
    raise SequenceError(
        f"the trial pan hangs photos side by side to {width} px at a height of {SIZE[1]} px; "
        f"these reach {total} px{left_out}: give a folder of more photos of different places"
    )
