"""The parameters of the keyframe selector node."""

from __future__ import annotations

from dataclasses import dataclass, field

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.nodes.common.endpoints import RELIABILITIES
from mininet_ros.nodes.common.image_settings import ImageSettings
from mininet_ros.parameters import Change, parameter
from mininet_ros.team.settings import LinkSettings


@dataclass(frozen=True)
class KeyframeParameters:
    """Parameters of the inputs, the selection and the team link."""

    autostart: bool = parameter(
        True,
        "Whether the node configures and activates itself when it starts; false leaves that to a "
        "lifecycle manager.",
    )
    model: str = parameter(
        "",
        "Model whose class names the masks have: model family, folder name or path; empty takes "
        "the names from segmentation/label_info, which needs vision_msgs.",
        change=Change.ON_CONFIGURE,
    )
    settings: KeyframeSettings = field(default_factory=KeyframeSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    images: ImageSettings = field(default_factory=ImageSettings)
    companions: tuple[str, ...] = parameter(
        ("",),
        "Topics with a stamp, such as [depth/image_rect, right/image_raw], whose messages are "
        "forwarded unchanged with each keyframe as keyframe/<name>; [''] forwards none.",
        change=Change.ON_CONFIGURE,
    )
    companion_slop_s: float = parameter(
        0.02,
        "Largest distance between the stamps of a keyframe and its companion, seconds.",
        0.0,
        10.0,
        change=Change.ON_CONFIGURE,
    )
    companion_bytes: int = parameter(
        100_000_000,
        "Largest size of the companions that wait for a decision, bytes, of all topics together; "
        "beyond it the oldest are dropped.",
        1,
        10**10,
        change=Change.ON_CONFIGURE,
    )
    mask_wait_s: float = parameter(
        1.0,
        "Longest time that a frame waits for its mask, confidence and odometry, until it is scored "
        "without them, seconds of real time; the segmentation of two images takes less.",
        0.0,
        60.0,
        change=Change.AT_ONCE,
    )
    image_transport: str = parameter(
        "raw",
        "Form of the camera images: raw is the topic image, compressed is image/compressed; "
        "keyframe/image has the same form.",
        choices=("raw", "compressed"),
        change=Change.ON_CONFIGURE,
    )
    reliability: str = parameter(
        "best_effort",
        "Reliability of the input subscriptions: best_effort takes the images of every camera, "
        "reliable only those of cameras that publish so.",
        choices=RELIABILITIES,
        change=Change.ON_CONFIGURE,
    )
