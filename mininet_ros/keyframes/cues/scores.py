"""All that is known of one frame when the selector judges it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ContentStatus(str, Enum):
    """Whether the semantic content of a frame could be measured, and if not, why."""

    MEASURED = "measured"
    NO_MASK = "no_mask"
    NO_TARGETS = "no_targets"

    @property
    def sentence(self) -> str:
        """The status for a person."""
        return _SENTENCES[self]


_SENTENCES = {
    ContentStatus.MEASURED: "Content is measured on the frame's mask.",
    ContentStatus.NO_MASK: "Content is 0 because no mask came with the frame.",
    ContentStatus.NO_TARGETS: "Content is 0 because no target classes are named.",
}


@dataclass(frozen=True)
class FrameScores:
    """Scores of one frame.

    Attributes:
        stamp_ns: the frame's stamp, nanoseconds.
        width: of the camera image, pixels.
        height: of the camera image, pixels.
        brightness: mean luminance, 0 to 1.
        entropy: mean entropy of the colour channels, bits, 0 to 8.
        clipped: share of channel values at 5 or below or at 250 or above, 0 to 1.
        noise: estimated standard deviation of white noise, grey levels, 0 to 255.
        illumination: grey levels that carry information, as a share of 256 to the power 0.75, 0
            to 1.
        sharpness: finest detail relative to the same picture's coarse detail, 0 to 1.
        quality: geometric mean of `illumination` and `sharpness`, 0 to 1.
        content: number of things of the target classes, each counted by its size (1 for 0.7 % of
            the picture, a third more with each doubling), times mean confidence and class weight,
            less for cut and already sent ones; 0 to 220 times the largest class weight.
        content_status: why `content` is 0, if it was not measured.
        regions: number of target regions.
        cut: share of the target area in regions that the picture's border cuts, 0 to 1.
        sent: share of the target area that was already sent, 0 to 1.
        motion: median optical flow since the previous frame, pixels of the camera image; 0 where
            tracking failed.
        tracked: share of the previous frame's corners found again, 0 to 1.
        parallax: median displacement since the last forwarded frame, pixels of the camera image;
            the image diagonal where nothing can be matched or nothing was forwarded yet.
        overlap: share of the view that the last forwarded frame also shows, 0 to 1.
    """

    stamp_ns: int
    width: int
    height: int
    brightness: float = 0.0
    entropy: float = 0.0
    clipped: float = 0.0
    noise: float = 0.0
    illumination: float = 0.0
    sharpness: float = 0.0
    quality: float = 0.0
    content: float = 0.0
    content_status: ContentStatus = ContentStatus.NO_MASK
    regions: int = 0
    cut: float = 0.0
    sent: float = 0.0
    motion: float = 0.0
    tracked: float = 0.0
    parallax: float = 0.0
    overlap: float = 0.0
