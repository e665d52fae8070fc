"""Parameters of the stream recorder node."""

from __future__ import annotations

from dataclasses import dataclass

from mininet_ros.parameters import parameter


@dataclass(frozen=True)
class StreamRecorderParameters:
    """Parameters of the recording and its output folder."""

    output_dir: str = parameter("demo_output", "Folder that the recording is written to.")
    max_pictures: int = parameter(
        48, "Largest number of overlays kept, evenly spaced over the run; 0 for none.", 0, 10000
    )
    keyframes: bool = parameter(
        False,
        "Whether a keyframe selector's decisions and its messages to team mates are recorded, too.",
    )
    start_timeout: float = parameter(
        30.0, "Longest wait for the first mask, seconds; then the process ends.", 1.0, 3600.0
    )
    model: str = parameter(
        "", "Model whose class names and colours explain the pictures; empty for no legend."
    )
    bag: bool = parameter(
        False,
        "Whether all messages are written to demo.mcap, camera images and overlays as JPEG; needs "
        "rosbags.",
    )
    film: bool = parameter(
        False, "Whether the overlays are written to overlay.mp4 (H.264); needs PyAV."
    )
    view: bool = parameter(False, "Whether the run is shown live in Rerun; needs rerun-sdk.")
    save_rrd: str = parameter(
        "", "File ending in .rrd that gets what the view shows; empty for none; needs rerun-sdk."
    )
