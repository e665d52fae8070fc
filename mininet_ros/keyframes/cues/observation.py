"""What is measured of one frame before it is compared with the forwarded ones.

The other scores, overlap with forwarded frames and new content, are judged on an ``Observation``.
An evaluation observes a recording once and judges it many times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mininet_ros.keyframes.cues.content import ContentStatus, Things
from mininet_ros.keyframes.cues.corners import Points
from mininet_ros.keyframes.cues.flow import Flow
from mininet_ros.keyframes.cues.quality import Quality


@dataclass(frozen=True, eq=False)
class Observation:
    """Measurements of one frame that do not depend on the forwarded frames.

    Attributes:
        stamp_ns: stamp of the frame, nanoseconds.
        width: width of the camera image, pixels.
        height: height of the camera image, pixels.
        first: True if no earlier frame is related to this one: the first frame, a frame after a
            jump back in time, or one of another size.
        quality: quality scores of the picture.
        status: tells whether there was a mask to find things in.
        things: things of the target classes, in pixels of the tracked picture.
        flow: motion since the last good picture.
        gray: (h, w) uint8, the tracked picture.
        now: corners in the present picture, if ``flow.found``: those followed and new ones.
    """

    stamp_ns: int
    width: int
    height: int
    first: bool
    quality: Quality
    status: ContentStatus
    things: Things
    flow: Flow
    gray: np.ndarray
    now: Points
