"""The parameters of the keyframe selector node.

Those of the selection have the defaults of :class:`~mininet_ros.keyframes.KeyframeSettings` and its
:class:`~mininet_ros.keyframes.SelectorConfig`, which explain them in full.
"""

from __future__ import annotations

from mininet_ros.keyframes.selection.config import Mode
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.nodes.common.parameters import ParameterSpec
from mininet_ros.nodes.common.topics import RELIABILITIES
from mininet_ros.nodes.keyframes.team_link import LINKS, ROS

_SETTINGS = KeyframeSettings()
_SELECTOR = _SETTINGS.selector

_MAX_SECONDS = 3600.0
_MAX_PIXELS = 100_000.0
_MAX_BYTES = 10**9


def _seconds(name: str, description: str) -> ParameterSpec:
    default = getattr(_SELECTOR, name)
    return ParameterSpec(name, default, description, 0.0, _MAX_SECONDS, runtime=True)


def _pixels(name: str, description: str) -> ParameterSpec:
    default = getattr(_SELECTOR, name)
    return ParameterSpec(name, default, description, 0.0, _MAX_PIXELS, runtime=True)


KEYFRAME_PARAMETERS = (
    ParameterSpec(
        "model",
        "",
        "Whose class names the masks have: model family, folder name or path, as the segmentation "
        "node's parameter; empty takes them from segmentation/label_info.",
    ),
    ParameterSpec(
        "classes",
        _SETTINGS.classes or ("",),
        "Target classes, each with an optional weight: [SignSymbol, 'Car: 0.5']; [''] selects "
        "without semantics.",
        runtime=True,
    ),
    ParameterSpec(
        "use_confidence",
        _SETTINGS.use_confidence,
        "Whether regions count by segmentation/confidence, or as certain.",
        runtime=True,
    ),
    ParameterSpec(
        "mode",
        _SELECTOR.mode.value,
        "How frames are picked: window forwards the best of each piece of the way, request the "
        "best around each stamp on keyframe/request, gate judges each frame at once.",
        choices=tuple(mode.value for mode in Mode),
        runtime=True,
    ),
    _seconds("min_gap_s", "Least time between two forwarded frames."),
    _seconds(
        "max_gap_s",
        "Most time between two forwarded frames, whatever their quality; 0 is no limit.",
    ),
    _pixels("window_motion_px", "A window closes after so much median flow; 0 switches it off."),
    _seconds("window_time_s", "A window closes at this age; 0 switches it off."),
    _seconds("request_window_s", "How far from the requested stamp the answer may lie."),
    _seconds("request_latency_s", "How long after a frame a request for it may come."),
    ParameterSpec(
        "gate_share",
        _SELECTOR.gate_share,
        "Share of the recent frames that would pass the gate right after a forwarded one.",
        0.0,
        1.0,
        runtime=True,
    ),
    ParameterSpec(
        "gate_memory",
        _SELECTOR.gate_memory,
        "Recent frames that the gate compares with.",
        1,
        10_000,
        runtime=True,
    ),
    ParameterSpec(
        "quality_floor",
        _SELECTOR.quality_floor,
        "Least quality of a forwarded frame; max_gap_s goes before.",
        0.0,
        1.0,
        runtime=True,
    ),
    ParameterSpec(
        "content_floor",
        _SELECTOR.content_floor,
        "Least content: new things times class weight; max_gap_s goes before.",
        0.0,
        100.0,
        runtime=True,
    ),
    _pixels("parallax_floor_px", "Least parallax to the last forwarded frame."),
    ParameterSpec(
        "base_content",
        _SELECTOR.base_content,
        "What a frame without targets is worth, in units of content: large values make quality "
        "decide, small ones content.",
        0.0,
        100.0,
        runtime=True,
    ),
    _seconds("pause_s", "A longer silence of the camera closes the window."),
    _seconds(
        "reorder_s",
        "A stamp this much before the newest is a late frame, an earlier one a restart of time.",
    ),
    ParameterSpec(
        "max_waiting",
        _SELECTOR.max_waiting,
        "Frames that may wait for a decision; they are held in memory.",
        4,
        10_000,
        runtime=True,
    ),
    ParameterSpec(
        "jpeg_quality",
        _SETTINGS.jpeg_quality,
        "Of team/image/compressed.",
        1,
        100,
        runtime=True,
    ),
    ParameterSpec(
        "team_bytes_per_s",
        _SETTINGS.team_bytes_per_s,
        "Mean rate of all that goes out under team/, bytes per second.",
        1,
        _MAX_BYTES,
        runtime=True,
    ),
    ParameterSpec(
        "team_burst_bytes",
        _SETTINGS.team_burst_bytes,
        "Most bytes under team/ at once; a larger frame is never sent.",
        1,
        _MAX_BYTES,
        runtime=True,
    ),
    ParameterSpec(
        "team_waiting",
        _SETTINGS.team_waiting,
        "Frames that may wait for the budget; the one of most worth goes first.",
        1,
        10_000,
        runtime=True,
    ),
    ParameterSpec(
        "team_link",
        ROS,
        "How frames reach team mates: ros publishes team/ in the robot's own graph, zenoh sends "
        "them to the base station at team_endpoints, which republishes them.",
        choices=LINKS,
    ),
    ParameterSpec(
        "team_endpoints",
        ("",),
        "Base stations for team_link zenoh, such as [tcp/10.0.0.1:7447]; the first that answers "
        "is used.",
    ),
    ParameterSpec(
        "team_config",
        "",
        "File with further Zenoh configuration for team_link zenoh, such as TLS certificates; "
        "empty for none.",
    ),
    ParameterSpec(
        "robot_name",
        "",
        "Name of the robot in the team, unique; empty takes the node's namespace.",
    ),
    ParameterSpec(
        "mask_wait_s",
        1.0,
        "How long a frame waits for its mask and confidence, in real time; then it is judged "
        "without.",
        0.0,
        60.0,
        runtime=True,
    ),
    ParameterSpec(
        "image_transport",
        "raw",
        "Input: raw is the topic image, compressed is image/compressed; keyframe/image alike.",
        choices=("raw", "compressed"),
    ),
    ParameterSpec(
        "reliability",
        "best_effort",
        "Quality of service of the inputs; best_effort takes images of every camera.",
        choices=RELIABILITIES,
    ),
)
