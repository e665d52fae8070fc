"""segment.launch.py under the real launch system, which comes with a ROS distribution."""

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

LAUNCH_FILE = "segment.launch.py"


@pytest.fixture
def probe(probes):  # noqa: F811
    """Launch the stand-in for the node; return what reached it, or the output where it failed."""

    def run(*arguments: str, **environment: str) -> dict | str:
        seen, output = probes(LAUNCH_FILE, *arguments, **environment)
        return next(iter(seen.values()), output)

    return run


def defaults() -> dict:
    return parameter_file("segmentation.yaml")


@needs_launch
def test_without_arguments(probe):
    seen = probe()
    assert seen["node"] == "/segmentation"
    assert seen["topics"] == ["/image", "/camera_info"]
    assert seen["parameters"] == defaults() | {"use_sim_time": False}
    assert seen["level"] == "INFO"
    assert {seen["environment"].get(name) for name in PROFILE_VARIABLES} == {str(PROFILE)}


@needs_launch
def test_every_argument_reaches_the_node(probe):
    seen = probe(
        "namespace:=robot1",
        "image:=/robot1/camera/image_raw",
        "image_transport:=compressed",
        "backend:=cpu",
        "model:=1",
        "use_sim_time:=True",
        "log_level:=warn",
    )
    assert seen["node"] == "/robot1/segmentation"
    assert seen["topics"] == ["/robot1/camera/image_raw", "/robot1/camera/camera_info"]
    given = {"image_transport": "compressed", "backend": "cpu", "model": "1"}
    assert seen["parameters"] == defaults() | given | {"use_sim_time": True}
    assert seen["level"] == "WARN"


@needs_launch
@pytest.mark.parametrize("node", ["/**", "/robot1/segmentation", "/**/segmentation"])
def test_arguments_win_over_the_file_and_only_where_given(probe, tmp_path, node):
    values = {"backend": "gpu", "model": "mine", "threads": 3, "use_sim_time": True}
    (tmp_path / "mine.yaml").write_text(yaml.dump({node: {"ros__parameters": values}}))
    seen = probe("namespace:=robot1", "params_file:=mine.yaml", "backend:=cpu")
    assert seen["parameters"] == values | {"backend": "cpu"}


@needs_launch
def test_relative_image_topic_is_in_the_namespace(probe):
    seen = probe("namespace:=robot1", "image:=camera/image_raw")
    assert seen["topics"] == ["/robot1/camera/image_raw", "/robot1/camera/camera_info"]


@needs_launch
@pytest.mark.parametrize(
    ("arguments", "environment", "profiles"),
    [
        ([], {PROFILE_VARIABLES[0]: "/mine.xml"}, ["/mine.xml", None]),
        ([], {PROFILE_VARIABLES[1]: "/mine.xml"}, [None, "/mine.xml"]),
        (["dds_profile:="], {}, [None, None]),
        (["dds_profile:=mine.xml"], {PROFILE_VARIABLES[0]: "/other.xml"}, ["mine.xml"] * 2),
    ],
    ids=["environment of version 2", "environment of version 3", "empty", "given"],
)
def test_profile_of_fast_dds(probe, tmp_path, arguments, environment, profiles):
    (tmp_path / "mine.xml").write_text(PROFILE.read_text())
    seen = probe(*arguments, **environment)
    assert [seen["environment"].get(name) for name in PROFILE_VARIABLES] == profiles


@needs_launch
@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("backend:=tpu", "'cpu', 'gpu'"),
        ("image_transport:=theora", "'raw', 'compressed'"),
        ("use_sim_time:=maybe", "'true', 'false'"),
        ("log_level:=loud", "'debug', 'info'"),
        ("threads:=many", "threads:=many is no number"),
        ("qos:=perfect", "'best_effort', 'reliable'"),
        ("respawn:=maybe", "'true', 'false'"),
        ("params_file:=absent.yaml", "params_file:=absent.yaml is no file"),
        ("dds_profile:=absent.xml", "dds_profile:=absent.xml is no file"),
        ("image:=/camera/compressed", "give image:=/camera image_transport:=compressed"),
    ],
)
def test_wrong_argument_is_refused_with_what_is_right(probe, argument, complaint):
    output = probe(argument)
    assert isinstance(output, str), "the node was started"
    assert complaint in output
    assert "Traceback" not in output


FAILS = """
import sys
print("{executable}: it cannot start", file=sys.stderr)
sys.exit(3)
"""


@needs_launch
def test_a_node_that_cannot_start_ends_the_launch_with_an_error(launch):  # noqa: F811
    launched = launch(LAUNCH_FILE, FAILS)
    output = launched.communicate(timeout=DEADLINE_S)[0]
    assert launched.returncode == 1
    assert "segmentation_node: it cannot start" in output
    assert "ended with status 3; its last line says why" in output
    assert "Traceback" not in output


@needs_launch
def test_a_respawned_node_starts_again(launch):  # noqa: F811
    launched = launch(LAUNCH_FILE, FAILS, "respawn:=true")
    starts = 0
    for line in launched.stdout:
        starts += "it cannot start" in line
        if starts == 2:
            break
    assert launched.poll() is None
    launched.send_signal(signal.SIGINT)
    launched.communicate(timeout=DEADLINE_S)


@needs_launch
def test_the_log_level_is_that_of_the_nodes_own_logger(probe):
    seen = probe("log_level:=debug", "namespace:=/robot1")
    assert (seen["level"], seen["rcl_level"]) == ("DEBUG", "INFO")


@needs_launch
def test_the_camera_launch_file_starts_a_stream(probes):  # noqa: F811
    seen, _ = probes(
        "camera.launch.py", "source:=7", "rate:=5", "loop:=false", "image:=/camera/image_raw"
    )
    (camera,) = seen.values()
    assert camera["topics"] == ["/camera/image_raw", "/camera/camera_info"]
    given = {name: camera["parameters"][name] for name in ("source", "rate", "loop", "frame_id")}
    assert given == {
        "source": "7",
        "rate": 5.0,
        "loop": False,
        "frame_id": "camera_optical_frame",
    }


@needs_launch
def test_started_node_serves_a_camera(launch):  # noqa: F811
    """One image goes in, its mask comes out; an interrupt ends both in order."""
    launched = launch(
        LAUNCH_FILE, NODE, "namespace:=robot1", "image:=/camera/image_raw", "backend:=cpu"
    )
    camera = subprocess.Popen(
        [sys.executable, __file__],
        env=os.environ | {"PYTHONPATH": program_path()},
    )
    while camera.poll() is None and launched.poll() is None:
        time.sleep(0.1)
    camera.kill()
    launched.send_signal(signal.SIGINT)
    output = launched.communicate(timeout=DEADLINE_S)[0]
    assert camera.wait() == 0, output
    assert "process has finished cleanly" in output


def show_images_until_masked() -> int:
    """Be the camera of the launched node until the mask of an image arrives; 0 if it is right."""
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image

    rclpy.init()
    node = rclpy.create_node("camera")
    publisher = node.create_publisher(Image, "/camera/image_raw", qos_profile_sensor_data)
    masks = []
    node.create_subscription(Image, "/robot1/segmentation/mask", masks.append, 1)
    image = Image(width=64, height=48, step=3 * 64, encoding="rgb8")
    image.data.frombytes(bytes(3 * 64 * 48))
    image.header.stamp.sec = 7
    deadline = time.monotonic() + DEADLINE_S
    while not masks and time.monotonic() < deadline:
        publisher.publish(image)
        rclpy.spin_once(node, timeout_sec=0.1)
    seen = [(mask.header.stamp.sec, mask.width, mask.height) for mask in masks]
    rclpy.shutdown()
    return 0 if seen[:1] == [(7, 64, 48)] else 1


if __name__ == "__main__":
    sys.exit(show_images_until_masked())
