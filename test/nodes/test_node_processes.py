"""Nodes as processes: how they start, refuse to start, and end."""

from __future__ import annotations

import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from node_arguments import error_line, parameters
from ros_graph import NodeProcess

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.nodes.common.image_messages import image_message, jpeg_message
from mininet_ros.parameters import parameter_specs


def header(graph) -> Header:
    return Header(stamp=graph.observer.get_clock().now().to_msg(), frame_id="lens")


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)


@pytest.mark.parametrize("transport", ["raw", "compressed"])
def test_images_of_a_remapped_camera_come_out_as_masks(graph, tiny_model, transport):
    node = graph.start(
        "segmentation_node",
        *parameters(model=tiny_model, image_transport=transport, threads=1),
        *("-r", "image:=/front/image_raw", "-r", "__ns:=/robot"),
    )
    raw = graph.publisher(Image, "/front/image_raw")
    compressed = graph.publisher(CompressedImage, "/front/image_raw/compressed")
    camera = raw if transport == "raw" else compressed
    masks = graph.listen(Image, "/robot/segmentation/mask")
    reports = graph.listen(DiagnosticArray, "/diagnostics")
    graph.spin_until(lambda: camera.get_subscription_count() == 1)
    sent = []

    def send_until_a_mask_comes() -> bool:
        sent.append(header(graph))
        raw.publish(image_message(picture(), "bgr8", sent[-1]))
        compressed.publish(jpeg_message(picture(), sent[-1]))
        graph.spin_for(0.1)
        return bool(masks)

    graph.spin_until(send_until_a_mask_comes)
    assert masks[0].header in sent
    assert (masks[0].width, masks[0].height, masks[0].encoding) == (160, 120, "mono8")
    assert max(masks[0].data) < 11
    graph.spin_until(lambda: reports)
    (status,) = reports[-1].status
    assert status.name == "/robot/segmentation: segmentation"
    values = {pair.key: pair.value for pair in status.values}
    assert values["model"] == "tiny_mininet_v2_cpu"
    assert (values["backend"], values["runtime"]) == ("cpu", "onnxruntime")
    loaded = Path(f"/proc/{node.process.pid}/maps").read_text()
    assert "onnxruntime" in loaded
    assert "torch" not in loaded
    assert "matplotlib" not in loaded
    assert node.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_working_node_in_order(graph, tiny_model, number):
    node = graph.start("segmentation_node", *parameters(model=tiny_model))
    camera = graph.publisher(Image, "image")
    masks = graph.listen(Image, "segmentation/mask")
    graph.spin_until(lambda: camera.get_subscription_count() == 1)
    graph.observer.create_timer(
        0.01, lambda: camera.publish(image_message(picture(), "bgr8", header(graph)))
    )
    graph.spin_until(lambda: len(masks) > 3)
    node.process.send_signal(number)
    graph.spin_until(lambda: node.process.poll() is not None)
    assert node.wait() == 0
    assert "Traceback" not in node.errors
    assert "rror" not in node.errors


def cares_for_signals(pid: int) -> bool:
    """Whether a process holds SIGTERM back or answers it: whether Python itself has started."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigBlk", "SigCgt"))]
    return any(mask >> (signal.SIGTERM - 1) & 1 for mask in masks)


@pytest.mark.parametrize("delay_s", [0.0, 0.2, 0.5, 1.0, 2.0])
def test_a_signal_during_the_start_ends_the_process_silently(ros_domain, tmp_path, delay_s):
    """Imports, the loading of the model and the start of ROS are all met by some delay."""
    node = NodeProcess(tmp_path / "process", "segmentation_node")
    try:
        while not cares_for_signals(node.process.pid):
            time.sleep(0.005)
        time.sleep(delay_s)
        assert node.stop() == 0
        assert "Traceback" not in node.errors
        assert "KeyboardInterrupt" not in node.errors
    finally:
        node.close()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"model": "no_such_model"}, "no_such_model"),
        ({"model": "/no/such/folder"}, "/no/such/folder does not exist"),
        ({"backend": "tpu"}, "parameter backend is one of auto, cpu, gpu, not 'tpu'"),
        ({"overlay_alpha": 1.5}, "parameter overlay_alpha is from 0.0 to 1.0, not 1.5"),
        ({"threads": "many"}, "parameter threads is an integer, not 'many'"),
    ],
)
def test_a_wrong_start_is_one_line_and_a_failure(ros_domain, tmp_path, values, sentence):
    line = error_line(tmp_path, "segmentation_node", *parameters(**values))
    assert line.startswith("segmentation_node: ")
    assert sentence in line


def test_a_gpu_that_is_not_there_is_one_line_and_a_failure(ros_domain, tmp_path, tiny_model):
    from mininet_ros.inference.loading import why_no_gpu

    if why_no_gpu() is None:
        pytest.skip("this machine has a GPU")
    arguments = parameters(model=tiny_model, backend="gpu")
    line = error_line(tmp_path, "segmentation_node", *arguments)
    assert line.startswith("segmentation_node: backend gpu")


@pytest.mark.parametrize(
    ("module", "values", "sentence"),
    [
        ("image_stream_node", {"source": "/no/such/video.mp4"}, "/no/such/video.mp4"),
        ("image_stream_node", {"rate": -1.0}, "parameter rate is from"),
        ("image_stream_node", {"width": 320}, "width and height are given together"),
        ("stream_recorder_node", {"max_pictures": -1}, "parameter max_pictures is from"),
    ],
)
def test_other_nodes_refuse_alike(ros_domain, tmp_path, module, values, sentence):
    values = {"output_dir": tmp_path / "out", **values} if "recorder" in module else values
    line = error_line(tmp_path, module, *parameters(**values))
    assert line.startswith(f"{module}: ")
    assert sentence in line


@pytest.mark.parametrize(
    "module",
    ["segmentation_node", "keyframe_selector_node", "image_stream_node", "stream_recorder_node"],
)
def test_help_describes_every_parameter(ros_domain, tmp_path, module):
    from mininet_ros.nodes.reference import NODES

    (reference,) = [node for node in NODES if node.executable == module]
    node = NodeProcess(tmp_path / "process", module, "--help")
    assert node.wait() == 0
    specs = parameter_specs(reference.parameters)
    assert all(f"  {spec.name}\n" in node.output for spec in specs)


def test_arguments_that_nobody_reads_are_refused(ros_domain, tmp_path):
    node = NodeProcess(tmp_path / "process", "segmentation_node", "model:=camvid")
    assert node.wait() == 2
    assert "unrecognized arguments: model:=camvid" in node.errors


def test_arguments_that_ros_cannot_read_are_a_failure_without_a_traceback(ros_domain, tmp_path):
    node = NodeProcess(tmp_path / "process", "segmentation_node", "--ros-args", "-p", "model")
    assert node.wait() == 1
    assert "segmentation_node: ROS cannot start with these arguments" in node.errors
    assert "Traceback" not in node.errors


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")
def test_images_do_not_take_new_pages_each_time():
    program = (
        "import resource, numpy\n"
        "from mininet_ros.freed_memory import keep_freed_memory\n"
        "def faults():\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    for _ in range(20):\n"
        "        first, second = (numpy.ones((1080, 1920, 3), numpy.uint8) for _ in range(2))\n"
        "        del first, second\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "before = faults(); keep_freed_memory(2**25, 2**27); faults(); print(before, faults())"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    before, after = map(int, run.stdout.split())
    assert after < before / 10
