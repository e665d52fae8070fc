"""Settings of the keyframe selector."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from mininet_ros.keyframes.selection.durations import in_nanoseconds
from mininet_ros.parameters import Change, ParameterError, parameter, problem_of


class ConfigError(ParameterError):
    """A setting of the selector cannot be used. The message is one sentence."""


class Mode(str, Enum):
    """How the selector picks frames.

    Attributes:
        WINDOW: the stream is divided into windows by accumulated motion or time; the best frame of
            each window is forwarded when it closes.
        REQUEST: the best frame around each requested stamp is forwarded.
        GATE: each frame is forwarded or dropped at once, by comparison with running statistics.
    """

    WINDOW = "window"
    REQUEST = "request"
    GATE = "gate"


def _seconds(default: float, description: str) -> float:
    return parameter(default, description, 0.0, 3600.0, change=Change.AT_ONCE)


def _share(default: float, description: str, maximum: float = 1.0) -> float:
    return parameter(default, description, 0.0, maximum, change=Change.AT_ONCE)


RENAMED = {
    "window_motion_px": "it is now window_motion, a share of the image width: 40 pixels of 640 are "
    "0.0625",
    "parallax_floor_px": "it is now parallax_floor, a share of the image width",
    "max_waiting": "it is now max_waiting_bytes, the size of the frames that wait",
}
"""Former names of parameters, and what to write instead."""


@dataclass(frozen=True)
class SelectorConfig:
    """Settings of ``KeyframeSelector``.

    Raises:
        ConfigError: a value is out of its range, or two settings contradict each other.
    """

    mode: Mode = parameter(
        Mode.WINDOW,
        "How frames are picked: window forwards the best frame of each stretch of motion or time, "
        "request the best frame around each stamp on keyframe/request, gate decides on each frame "
        "at once.",
        change=Change.AT_ONCE,
    )
    min_gap_s: float = _seconds(
        0.2,
        "Shortest time between two keyframes, seconds; in mode window, min_overlap may ask for one "
        "sooner.",
    )
    max_gap_s: float = _seconds(
        5.0,
        "Longest time between two keyframes while the view moves, seconds: then the best frame at "
        "hand is forwarded even below the floors; 0 is no limit.",
    )
    heartbeat_s: float = _seconds(
        0.0,
        "Time between two keyframes while the camera rests and shows nothing new, seconds; 0 "
        "forwards none until the view changes.",
    )
    window_motion: float = _share(
        0.1,
        "Motion that ends a window, as a share of the image width, 0 to 1: the median motion of "
        "the view since the window began; 0 switches this rule off.",
    )
    window_time_s: float = _seconds(
        2.0,
        "Time that ends a window, seconds during which the view moves or shows new things; 0 "
        "switches this rule off.",
    )
    keyframe_rate_hz: float = parameter(
        0.0,
        "Keyframes a second that mode window forwards in the long run while the view moves: "
        "windows then end after half the mean gap, whatever motion, time and distance the other "
        "parameters give, and only those that offer most get a keyframe; less is asked for, the "
        "longer ago the last keyframe is. 0 forwards a frame of every window.",
        0.0,
        1000.0,
        change=Change.AT_ONCE,
    )
    min_distance_m: float = parameter(
        0.0,
        "Distance driven that ends a window, metres, where messages on odometry come: they then "
        "take the place of image motion; 0 switches this rule off.",
        0.0,
        1000.0,
        change=Change.AT_ONCE,
    )
    min_rotation_deg: float = parameter(
        0.0,
        "Rotation that ends a window, degrees, where messages on odometry come: they then take the "
        "place of image motion; 0 switches this rule off.",
        0.0,
        180.0,
        change=Change.AT_ONCE,
    )
    window_start: float = _share(
        0.0,
        "Part of a window in which no frame is a candidate, as a share of it, 0 to 1: with 0.5 "
        "keyframes keep their distance, and the window is measured from the last keyframe; with 0 "
        "every frame of the window may be the best.",
    )
    window_tolerance: float = _share(
        1.0,
        "Share of the best candidate's worth, 0 to 1, that is good enough: of the candidates that "
        "reach it the one nearest the end of the window is forwarded; 1 forwards the best.",
    )
    min_overlap: float = _share(
        0.3,
        "Least share of the view and of its corners, 0 to 1, that a keyframe has in common with "
        "the one before it, or with the requested frame. In mode window it counts more than "
        "min_gap_s and, where the view has moved on, than the floors; 0 switches this rule off.",
    )
    revisit_share: float = _share(
        1.0,
        "Share of the keyframes, 0 to 1, that is forwarded at places where nothing is new: the "
        "view was already forwarded on an earlier visit.",
    )
    request_window_s: float = _seconds(
        0.3, "Largest distance in time between a requested stamp and its answer, seconds."
    )
    request_latency_s: float = _seconds(
        1.0, "Longest time after a frame in which a request for it is answered, seconds."
    )
    gate_share: float = parameter(
        0.1,
        "Share of the recent frames that would pass the gate right after a keyframe, above 0 to 1; "
        "the share grows with time and reaches 1 at max_gap_s.",
        0.0,
        1.0,
        change=Change.AT_ONCE,
    )
    gate_memory: int = parameter(
        100,
        "Number of recent frames that mode gate compares a frame with.",
        1,
        10_000,
        change=Change.AT_ONCE,
    )
    quality_floor: float = _share(
        0.6,
        "Lowest quality (exposure and sharpness) of a keyframe, as a share of the median quality "
        "of the last minute, 0 to 1; not for one that max_gap_s or a request asks for.",
    )
    content_floor: float = parameter(
        0.0,
        "Lowest content of a keyframe, except one that max_gap_s or a request asks for: the number "
        "of new target things in the picture, each times size, class weight and confidence.",
        0.0,
        100.0,
        change=Change.AT_ONCE,
    )
    parallax_floor: float = _share(
        0.0, "Lowest parallax to the last keyframe, as a share of the image width, 0 to 1."
    )
    base_content: float = parameter(
        0.5,
        "Worth of a frame without targets, in units of content: large values make quality decide "
        "between frames, small ones content.",
        0.0,
        100.0,
        change=Change.AT_ONCE,
    )
    pause_s: float = _seconds(
        2.0, "Silence of the camera that closes the window, seconds, above 0."
    )
    reorder_s: float = _seconds(
        0.5,
        "Limit between a late image and a restart of time, seconds: an image whose stamp is this "
        "much before the newest is dropped as late, an earlier one restarts the selection.",
    )
    max_waiting_bytes: int = parameter(
        64_000_000,
        "Largest size of the frames that wait for a decision, in bytes of raw pixels: 1.5 million "
        "for each frame of 640x480 with mask and confidence; at least four frames may wait.",
        1,
        10**10,
        change=Change.AT_ONCE,
    )

    def __post_init__(self) -> None:
        if problem := problem_of(self):
            raise ConfigError(problem)
        object.__setattr__(self, "mode", Mode(self.mode))  # the mode may also be given by its name
        for name in ("gate_share", "pause_s", "base_content"):
            if getattr(self, name) <= 0.0:
                raise ConfigError(f"parameter {name} is above 0, not {getattr(self, name):g}")
        if 0.0 < self.max_gap_s < self.min_gap_s:
            raise ConfigError(
                f"parameter max_gap_s ({self.max_gap_s:g}) is below min_gap_s "
                f"({self.min_gap_s:g}): raise it, or set it to 0 to switch it off"
            )
        if self.keyframe_rate_hz > 0.0 and self.window_start > 0.0:
            raise ConfigError(
                "parameter keyframe_rate_hz needs window_start 0: keyframes that keep their "
                "distance cannot be held to a rate"
            )
        ends = (self.window_motion, self.window_time_s, self.keyframe_rate_hz)
        if self.mode is Mode.WINDOW and not any(ends):
            raise ConfigError(
                "mode window needs window_motion or window_time_s above 0, or keyframe_rate_hz, "
                "else no window ends"
            )

    @cached_property
    def by_odometry(self) -> bool:
        """Return whether the distance or rotation by odometry ends windows."""
        return self.min_distance_m > 0.0 or self.min_rotation_deg > 0.0

    @cached_property
    def keeps_distance(self) -> bool:
        """Return whether keyframes keep their distance: windows begin at the last keyframe."""
        return self.window_start > 0.0

    @cached_property
    def min_gap_ns(self) -> int:
        """Return ``min_gap_s`` in whole nanoseconds."""
        return in_nanoseconds(self.min_gap_s)

    @cached_property
    def max_gap_ns(self) -> int:
        """Return ``max_gap_s`` in whole nanoseconds."""
        return in_nanoseconds(self.max_gap_s)

    @cached_property
    def heartbeat_ns(self) -> int:
        """Return ``heartbeat_s`` in whole nanoseconds."""
        return in_nanoseconds(self.heartbeat_s)

    @cached_property
    def window_time_ns(self) -> int:
        """Return ``window_time_s`` in whole nanoseconds."""
        return in_nanoseconds(self.window_time_s)

    @cached_property
    def request_window_ns(self) -> int:
        """Return ``request_window_s`` in whole nanoseconds."""
        return in_nanoseconds(self.request_window_s)

    @cached_property
    def pause_ns(self) -> int:
        """Return ``pause_s`` in whole nanoseconds."""
        return in_nanoseconds(self.pause_s)

    @cached_property
    def reorder_ns(self) -> int:
        """Return ``reorder_s`` in whole nanoseconds."""
        return in_nanoseconds(self.reorder_s)
