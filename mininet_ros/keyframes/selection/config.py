"""Settings of the keyframe selector."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import Enum
from functools import cached_property

from mininet_ros.keyframes.selection.durations import in_nanoseconds


class ConfigError(ValueError):
    """A setting cannot be used. The message is one sentence."""


class Mode(str, Enum):
    """How the selector picks frames.

    Attributes:
        WINDOW: the stream is cut into windows by accumulated motion or time; the best frame of
            each is forwarded when it closes.
        REQUEST: the best frame around each requested stamp is forwarded.
        GATE: each frame is forwarded or dropped at once, against running statistics.
    """

    WINDOW = "window"
    REQUEST = "request"
    GATE = "gate"


# Largest value of each setting that has one besides its kind's own limit.
_LIMITS = {
    "quality_floor": 1.0,
    "gate_share": 1.0,
    "max_waiting": 10_000,
    "gate_memory": 10_000,
}


@dataclass(frozen=True)
class SelectorConfig:
    """Settings of `KeyframeSelector`.

    Attributes:
        mode: see `Mode`.
        min_gap_s: least time between two forwarded frames, seconds.
        max_gap_s: most time between two forwarded frames while frames arrive, seconds; beyond it
            the best frame at hand is forwarded even below the floors. 0 switches it off.
        window_motion_px: a window closes when the median optical flow adds up to this, pixels of
            the camera image. 0 switches it off.
        window_time_s: a window closes at this age, seconds. 0 switches it off.
        request_window_s: how far from the requested stamp the answer may lie, seconds.
        request_latency_s: how long after a frame a request for it may come, seconds.
        gate_share: share of the recent frames that the gate finds good enough right after a
            forwarded frame, above 0 to 1. The share grows to all frames as `max_gap_s` nears.
        gate_memory: recent frames that the gate compares with, at least 1.
        quality_floor: least quality, 0 to 1.
        content_floor: least content, in new things times class weight.
        parallax_floor_px: least parallax to the last forwarded frame, pixels of the camera image.
        base_content: what a frame without any target is worth, in units of content. Large values
            make quality decide, small ones content.
        pause_s: a longer silence of the camera closes the window, seconds.
        reorder_s: a stamp this much before the newest is a late frame, an earlier one a restart of
            time, seconds.
        max_waiting: most frames waiting for a decision, at least 4.

    Raises:
        ConfigError: a value is out of its range, or two settings contradict each other.
    """

    mode: Mode = Mode.WINDOW
    min_gap_s: float = 0.2
    max_gap_s: float = 5.0
    window_motion_px: float = 60.0
    window_time_s: float = 2.0
    request_window_s: float = 0.3
    request_latency_s: float = 1.0
    gate_share: float = 0.1
    gate_memory: int = 100
    quality_floor: float = 0.1
    content_floor: float = 0.0
    parallax_floor_px: float = 0.0
    base_content: float = 0.5
    pause_s: float = 2.0
    reorder_s: float = 0.5
    max_waiting: int = 64

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "mode", Mode(self.mode))
        except ValueError:
            known = ", ".join(mode.value for mode in Mode)
            raise ConfigError(f"Unknown mode '{self.mode}'; known modes: {known}.") from None
        for field in fields(self)[1:]:
            value, limit = getattr(self, field.name), _LIMITS.get(field.name, math.inf)
            if not (0.0 <= value <= limit and math.isfinite(value)):
                upper = f" and at most {limit:g}" if limit < math.inf else ""
                raise ConfigError(f"{field.name} must be at least 0{upper}, got {value:g}.")
        self._check_counts()
        self._check_pairs()

    @cached_property
    def min_gap_ns(self) -> int:
        """`min_gap_s` in whole nanoseconds."""
        return in_nanoseconds(self.min_gap_s)

    @cached_property
    def max_gap_ns(self) -> int:
        """`max_gap_s` in whole nanoseconds."""
        return in_nanoseconds(self.max_gap_s)

    @cached_property
    def window_time_ns(self) -> int:
        """`window_time_s` in whole nanoseconds."""
        return in_nanoseconds(self.window_time_s)

    @cached_property
    def request_window_ns(self) -> int:
        """`request_window_s` in whole nanoseconds."""
        return in_nanoseconds(self.request_window_s)

    @cached_property
    def pause_ns(self) -> int:
        """`pause_s` in whole nanoseconds."""
        return in_nanoseconds(self.pause_s)

    @cached_property
    def reorder_ns(self) -> int:
        """`reorder_s` in whole nanoseconds."""
        return in_nanoseconds(self.reorder_s)

    def _check_counts(self) -> None:
        if self.max_waiting < 4:
            raise ConfigError(f"max_waiting must be at least 4, got {self.max_waiting}.")
        if self.gate_memory < 1:
            raise ConfigError(f"gate_memory must be at least 1, got {self.gate_memory}.")
        for name in ("gate_share", "pause_s", "base_content"):
            if getattr(self, name) <= 0.0:
                raise ConfigError(f"{name} must be above 0, got {getattr(self, name):g}.")

    def _check_pairs(self) -> None:
        if 0.0 < self.max_gap_s < self.min_gap_s:
            raise ConfigError(
                f"max_gap_s ({self.max_gap_s:g}) must not be below min_gap_s "
                f"({self.min_gap_s:g}); raise it, or set it to 0 to switch it off."
            )
        if self.mode is Mode.WINDOW and self.window_motion_px == self.window_time_s == 0.0:
            raise ConfigError(
                "Mode window needs window_motion_px or window_time_s above 0, else no window ends."
            )
