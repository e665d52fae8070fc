"""The launch files of the keyframe selector, alone, with the segmentation, and for a team."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from launch_rig import (
    DEADLINE_S,
    NODE,
    PROFILE,
    PROFILE_VARIABLES,
    launch,  # noqa: F401 - a fixture
    needs_launch,
    parameter_file,
    probes,  # noqa: F401 - a fixture
    program_path,
)

pytestmark = needs_launch

NO_SIM_TIME = {"use_sim_time": False}
# The selector is told whose class names the masks have: that of the segmentation by default.
NAMES = {"model": "camvid"}


def of_preset(name: str) -> dict:
    return parameter_file("keyframes.yaml") | parameter_file(f"keyframes_{name}.yaml")


def test_selector_without_arguments(probes):  # noqa: F811
    seen, _ = probes("keyframes.launch.py")
    (selector,) = seen.values()
    assert selector["node"] == "/keyframe_selector"
    assert selector["executable"] == "keyframe_selector_node"
    assert selector["topics"] == ["/image", "/camera_info"]
    assert selector["parameters"] == of_preset("slam") | NAMES | NO_SIM_TIME
    assert {selector["environment"].get(name) for name in PROFILE_VARIABLES} == {str(PROFILE)}


def test_every_argument_reaches_the_selector(probes):  # noqa: F811
    seen, _ = probes(
        "keyframes.launch.py",
        "namespace:=robot1",
        "image:=/robot1/camera/image_raw",
        "image_transport:=compressed",
        "preset:=text",
        "model:=1",
        "classes:=SignSymbol, Car: 0.5",
        "mode:=gate",
        "use_sim_time:=true",
        "log_level:=warn",
    )
    selector = seen["/robot1/keyframe_selector"]
    assert selector["topics"] == ["/robot1/camera/image_raw", "/robot1/camera/camera_info"]
    assert selector["parameters"] == of_preset("text") | {
        "image_transport": "compressed",
        "model": "1",
        "classes": ["SignSymbol", "Car: 0.5"],
        "mode": "gate",
        "use_sim_time": True,
    }
    assert selector["level"] == "WARN"


def test_preset_then_file_then_arguments(probes, tmp_path):  # noqa: F811
    values = {"min_gap_s": 7.5, "max_gap_s": 9.0, "mode": "request"}
    (tmp_path / "mine.yaml").write_text(yaml.dump({"/**": {"ros__parameters": values}}))
    seen, _ = probes(
        "keyframes.launch.py", "preset:=team", "params_file:=mine.yaml", "mode:=window"
    )
    (selector,) = seen.values()
    expected = of_preset("team") | values | {"mode": "window"} | NAMES | NO_SIM_TIME
    assert selector["parameters"] == expected


def test_no_preset_means_the_defaults(probes):  # noqa: F811
    seen, _ = probes("keyframes.launch.py", "preset:=")
    (selector,) = seen.values()
    assert selector["parameters"] == parameter_file("keyframes.yaml") | NAMES | NO_SIM_TIME


@pytest.mark.parametrize(
    ("file", "argument", "complaint"),
    [
        ("keyframes.launch.py", "preset:=fast", "'slam', 'team', 'text'"),
        ("keyframes.launch.py", "mode:=windows", "'window', 'request', 'gate'"),
        ("keyframes.launch.py", "params_file:=absent.yaml", "absent.yaml is no file"),
        ("pipeline.launch.py", "keyframes_params_file:=absent.yaml", "absent.yaml is no file"),
        ("pipeline.launch.py", "backend:=tpu", "'cpu', 'gpu'"),
        ("team.launch.py", "robots:=0", "'1', '2'"),
        ("team.launch.py", "sources:=,", "sources:= names none"),
    ],
)
def test_wrong_arguments_are_refused_with_what_is_right(
    probes,  # noqa: F811
    file,
    argument,
    complaint,
):
    _, output = probes(file, argument)
    assert complaint in output
    assert "Traceback" not in output


def test_pipeline_starts_both_nodes_for_one_camera(probes):  # noqa: F811
    seen, _ = probes(
        "pipeline.launch.py",
        "namespace:=robot1",
        "image:=camera/image_raw",
        "image_transport:=compressed",
        "backend:=cpu",
        "model:=mine",
        "preset:=text",
        "classes:=[sign]",
        "use_sim_time:=true",
    )
    segmentation, selector = seen["/robot1/segmentation"], seen["/robot1/keyframe_selector"]
    assert len(seen) == 2
    camera = ["/robot1/camera/image_raw", "/robot1/camera/camera_info"]
    assert segmentation["topics"] == selector["topics"] == camera
    both = {"image_transport": "compressed", "model": "mine", "use_sim_time": True}
    assert segmentation["parameters"] == parameter_file("segmentation.yaml") | both | {
        "backend": "cpu"
    }
    assert selector["parameters"] == of_preset("text") | both | {"classes": ["sign"]}


def test_pipeline_gives_each_node_its_own_file(probes, tmp_path):  # noqa: F811
    for name, values in (("a", {"threads": 3}), ("b", {"min_gap_s": 3.0})):
        (tmp_path / f"{name}.yaml").write_text(yaml.dump({"/**": {"ros__parameters": values}}))
    seen, _ = probes(
        "pipeline.launch.py", "segmentation_params_file:=a.yaml", "keyframes_params_file:=b.yaml"
    )
    assert seen["/segmentation"]["parameters"] == {"threads": 3} | NO_SIM_TIME
    selector = seen["/keyframe_selector"]["parameters"]
    assert selector == of_preset("slam") | {"min_gap_s": 3.0} | NAMES | NO_SIM_TIME


@pytest.mark.parametrize(
    ("segmentation", "keyframes", "arguments", "names"),
    [
        ({"model": "mine"}, {}, [], "mine"),
        ({"model": "mine"}, {"model": "other"}, [], "other"),
        ({"model": "mine"}, {"model": "other"}, ["model:=third"], "third"),
        ({"threads": 1}, {"min_gap_s": 1.0}, [], "camvid"),
    ],
)
def test_the_selector_gets_the_names_of_the_model_that_segments(
    probes,  # noqa: F811
    tmp_path,
    segmentation,
    keyframes,
    arguments,
    names,
):
    for name, values in (("a", segmentation), ("b", keyframes or {"min_gap_s": 1.0})):
        (tmp_path / f"{name}.yaml").write_text(yaml.dump({"/**": {"ros__parameters": values}}))
    seen, _ = probes(
        "pipeline.launch.py",
        "segmentation_params_file:=a.yaml",
        "keyframes_params_file:=b.yaml",
        *arguments,
    )
    assert seen["/keyframe_selector"]["parameters"]["model"] == names


def test_threads_and_qos_reach_both_nodes(probes):  # noqa: F811
    seen, _ = probes("pipeline.launch.py", "threads:=2", "qos:=reliable")
    assert seen["/segmentation"]["parameters"]["threads"] == 2
    reliabilities = {node["parameters"]["reliability"] for node in seen.values()}
    assert reliabilities == {"reliable"}


def test_team_starts_three_nodes_for_each_robot(probes):  # noqa: F811
    seen, _ = probes("team.launch.py", "robots:=3", "sources:=a.mp4, b.mp4", "backend:=cpu")
    robots = [f"/robot{number}" for number in (1, 2, 3)]
    nodes = ("image_stream", "segmentation", "keyframe_selector")
    assert set(seen) == {f"{robot}/{node}" for robot in robots for node in nodes}
    for robot, source in zip(robots, ("a.mp4", "b.mp4", "a.mp4")):
        stream = seen[f"{robot}/image_stream"]
        assert stream["parameters"]["source"] == source
        assert stream["parameters"]["frame_id"] == f"{robot[1:]}/camera_optical_frame"
        for node in nodes:
            topics = seen[f"{robot}/{node}"]["topics"]
            assert topics == [f"{robot}/image", f"{robot}/camera_info"]
            profiles = {seen[f"{robot}/{node}"]["environment"][v] for v in PROFILE_VARIABLES}
            assert profiles == {str(PROFILE)}
        selector = seen[f"{robot}/keyframe_selector"]["parameters"]
        assert selector == of_preset("team") | NAMES | NO_SIM_TIME
        assert seen[f"{robot}/segmentation"]["parameters"]["backend"] == "cpu"


def test_a_team_of_two_sends_to_its_mates(launch, tiny_model, tmp_path):  # noqa: F811
    """The nodes themselves: each robot's keyframes arrive with their masks."""
    quick = {"window_time_s": 0.3, "min_gap_s": 0.0, "quality_floor": 0.0}
    (tmp_path / "quick.yaml").write_text(yaml.dump({"/**": {"ros__parameters": quick}}))
    launched = launch(
        "team.launch.py",
        NODE,
        f"model:={tiny_model}",
        "backend:=cpu",
        "classes:=Building",
        "keyframes_params_file:=quick.yaml",
    )
    mate = subprocess.Popen(
        [sys.executable, __file__],
        env=os.environ | {"PYTHONPATH": program_path()},
    )
    while mate.poll() is None and launched.poll() is None:
        time.sleep(0.1)
    mate.kill()
    launched.send_signal(signal.SIGINT)
    output = launched.communicate(timeout=DEADLINE_S)[0]
    assert mate.wait() == 0, output
    assert output.count("process has finished cleanly") == 6, output


def listen_to_the_team() -> int:
    """Be the mate of two robots until an image and its mask came from each; 0 if they did."""
    import rclpy
    from sensor_msgs.msg import CompressedImage

    rclpy.init()
    node = rclpy.create_node("mate")
    stamps = {}
    for robot in ("robot1", "robot2"):
        for part in ("image", "mask"):
            stamps[robot, part] = set()
            topic = f"/{robot}/team/{part}/compressed"

            def note(message, seen=stamps[robot, part]) -> None:
                seen.add((message.header.stamp.sec, message.header.stamp.nanosec))

            node.create_subscription(CompressedImage, topic, note, 10)
    deadline = time.monotonic() + DEADLINE_S
    complete = False
    while not complete and time.monotonic() < deadline:
        rclpy.spin_once(node, timeout_sec=0.1)
        complete = all(stamps[r, "image"] & stamps[r, "mask"] for r in ("robot1", "robot2"))
    rclpy.shutdown()
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(listen_to_the_team())
