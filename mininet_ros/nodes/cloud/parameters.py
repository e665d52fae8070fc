"""The parameters of the semantic cloud node."""

from __future__ import annotations

from dataclasses import dataclass

from mininet_ros.nodes.common.endpoints import RELIABILITIES
from mininet_ros.parameters import Change, parameter


@dataclass(frozen=True)
class SemanticCloudParameters:
    """Parameters that select the points and pair the messages."""

    classes: tuple[str, ...] = parameter(
        ("",),
        "Classes whose points are published: names of the masks' classes or their ids; one empty "
        "entry publishes all points.",
        change=Change.AT_ONCE,
    )
    classes_inverse: bool = parameter(
        False,
        "Whether the points of all classes but these are published, unlabelled ones too.",
        change=Change.AT_ONCE,
    )
    model: str = parameter(
        "",
        "Model that names the masks' classes, as for the segmentation node; empty takes the names "
        "from segmentation/label_info.",
    )
    range: tuple[float, ...] = parameter(
        (0.1, 20.0),
        "Nearest and farthest depth of the published points, metres.",
        0.0,
        10000.0,
        change=Change.AT_ONCE,
    )
    step: int = parameter(
        1,
        "Distance in pixels of the depth image's rows and columns that become points; 1 takes "
        "every pixel.",
        1,
        64,
        change=Change.AT_ONCE,
    )
    sync_slop_s: float = parameter(
        0.05,
        "Greatest difference between the stamps of the mask and of the depth image, seconds; 0 "
        "asks for equal stamps.",
        0.0,
        10.0,
    )
    reliability: str = parameter(
        "best_effort",
        "Reliability of the subscriptions to the cameras: best_effort takes the images of every "
        "camera, reliable only those of cameras that publish so.",
        choices=RELIABILITIES,
    )
