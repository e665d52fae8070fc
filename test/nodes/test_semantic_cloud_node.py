"""The semantic cloud node in a graph: a drawn room in, points with classes out."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header

from mininet_ros.clouds import POINT
from mininet_ros.nodes.cloud.semantic_cloud_node import SemanticCloudNode, depth_pixels
from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.parameters import ParameterError

WIDTH, HEIGHT = 32, 24


def header(number: int, frame_id: str = "lens") -> Header:
    return Header(stamp=Time(sec=100, nanosec=number), frame_id=frame_id)


def depth_message(pixels: np.ndarray, number: int, encoding: str, padding: int = 0) -> Image:
    raw = np.ascontiguousarray(pixels).view(np.uint8).reshape(pixels.shape[0], -1)
    rows = np.pad(raw, ((0, 0), (0, padding)))
    return Image(
        header=header(number),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=rows.shape[1],
        data=rows.tobytes(),
    )


def camera_info(number: int) -> CameraInfo:
    info = CameraInfo(header=header(number), width=WIDTH, height=HEIGHT)
    info.k = [20.0, 0.0, 15.5, 0.0, 20.0, 11.5, 0.0, 0.0, 1.0]
    return info


class Camera:
    """Publishers of all that the node takes in."""

    def __init__(self, graph):
        self.graph = graph
        self.depth = graph.publisher(Image, "depth")
        self.info = graph.publisher(CameraInfo, "depth/camera_info")
        self.mask = graph.publisher(Image, "segmentation/mask")
        self.image = graph.publisher(Image, "image")

    def wait(self):
        publishers = (self.depth, self.info, self.mask, self.image)
        self.graph.spin_until(lambda: all(p.get_subscription_count() for p in publishers))

    def send(self, number: int, encoding: str = "32FC1", mask_number: int | None = None):
        metres = np.full((HEIGHT, WIDTH), 2.0, np.float32)
        metres[:, : WIDTH // 2] = 5.0
        pixels = metres if encoding == "32FC1" else (1000 * metres).astype(np.uint16)
        labels = np.zeros((HEIGHT, WIDTH), np.uint8)
        labels[HEIGHT // 2 :] = 3
        color = np.full((HEIGHT, WIDTH, 3), (10, 20, 30), np.uint8)
        self.info.publish(camera_info(number))
        self.image.publish(image_message(color, "bgr8", header(number)))
        self.depth.publish(depth_message(pixels, number, encoding, padding=8))
        stamp = number if mask_number is None else mask_number
        self.mask.publish(image_message(labels, "mono8", header(stamp)))


def make_node(graph, **values):
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return graph.add(SemanticCloudNode(context=graph.context, parameter_overrides=overrides))


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1"])
def test_room_becomes_points_with_classes(graph, encoding):
    make_node(graph, sync_slop_s=0.0)
    clouds = graph.listen(PointCloud2, "semantic_cloud")
    camera = Camera(graph)
    camera.wait()
    camera.send(1, encoding)
    graph.spin_until(lambda: clouds)
    camera.send(2, encoding)  # by now it knows that there are images, too
    graph.spin_until(lambda: len(clouds) == 2)
    message = clouds[1]
    assert message.header == header(2) and message.point_step == POINT.itemsize
    assert [field.name for field in message.fields] == list(POINT.names)
    points = np.frombuffer(message.data, POINT)
    assert len(points) == message.width == WIDTH * HEIGHT
    assert np.allclose(np.unique(points["z"]), [2.0, 5.0])
    assert ((points["label"] == 3) == (points["y"] > 0)).all()
    assert set(points["rgb"]) == {0x1E140A}


def test_classes_by_number_and_range_at_run_time(graph):
    node = make_node(graph, classes=["3"], sync_slop_s=0.1)
    clouds = graph.listen(PointCloud2, "semantic_cloud")
    camera = Camera(graph)
    camera.wait()
    camera.send(1, mask_number=0)
    graph.spin_until(lambda: clouds)
    assert set(np.frombuffer(clouds[0].data, POINT)["label"]) == {3}
    (result,) = node.set_parameters([Parameter("range", value=[1.0, 3.0])])
    assert result.successful
    clouds.clear()
    camera.send(200_000_000)
    graph.spin_until(lambda: clouds)
    assert np.frombuffer(clouds[-1].data, POINT)["z"].max() == 2.0
    (result,) = node.set_parameters([Parameter("range", value=[3.0, 1.0])])
    assert not result.successful and "ascending" in result.reason


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1"])
def test_depth_images_lose_the_classes_that_are_left_out(graph, encoding):
    node = make_node(graph, sync_slop_s=0.0)
    depths = graph.listen(Image, "semantic_depth")
    reports = graph.listen(DiagnosticArray, "/diagnostics")
    camera = Camera(graph)
    graph.spin_until(lambda: camera.mask.get_subscription_count())
    graph.spin_for(0.2)
    assert camera.image.get_subscription_count() == 0  # only a cloud has colours
    camera.send(1, encoding)
    graph.spin_until(lambda: depths)
    name = "/semantic_cloud: semantic cloud"
    graph.next_report(reports, name, lambda status, _: "masks nothing" in status.message)
    wanted = [Parameter("classes", value=["3"]), Parameter("classes_inverse", value=True)]
    assert all(result.successful for result in node.set_parameters(wanted))
    camera.send(2, encoding)
    graph.spin_until(lambda: len(depths) == 2)
    whole, masked = (depth_pixels(message) for message in depths)
    assert depths[1].header == header(2) and depths[1].encoding == encoding
    assert (whole > 0).all() and (masked[HEIGHT // 2 :] == 0).all()
    assert (masked[: HEIGHT // 2] == whole[: HEIGHT // 2]).all()


def test_nothing_is_received_that_nobody_wants(graph):
    make_node(graph)
    camera = Camera(graph)
    graph.spin_for(0.5)
    assert camera.depth.get_subscription_count() == 0


def test_what_does_not_fit_is_said_and_survived(graph):
    make_node(graph, sync_slop_s=0.0)
    clouds = graph.listen(PointCloud2, "semantic_cloud")
    reports = graph.listen(DiagnosticArray, "/diagnostics")
    camera = Camera(graph)
    camera.wait()

    def problem(words):
        name = "/semantic_cloud: semantic cloud"
        graph.next_report(reports, name, lambda status, _: words in status.message)

    camera.info.publish(camera_info(1))
    camera.depth.publish(depth_message(np.ones((HEIGHT, WIDTH), np.float32), 1, "bgr8"))
    camera.mask.publish(image_message(np.zeros((HEIGHT, WIDTH), np.uint8), "mono8", header(1)))
    problem("no encoding of depth")
    camera.info.publish(camera_info(2))
    camera.depth.publish(depth_message(np.ones((HEIGHT, WIDTH), np.float32), 2, "32FC1"))
    camera.mask.publish(image_message(np.zeros((WIDTH, WIDTH), np.uint8), "mono8", header(2)))
    problem("same aspect ratio")
    info = camera_info(3)
    info.k[0] = 0.0
    camera.info.publish(info)
    camera.depth.publish(depth_message(np.ones((HEIGHT, WIDTH), np.float32), 3, "32FC1"))
    camera.mask.publish(image_message(np.zeros((HEIGHT, WIDTH), np.uint8), "mono8", header(3)))
    problem("not calibrated")
    assert not clouds
    camera.send(4)
    graph.spin_until(lambda: clouds)


def test_unknown_class_is_named(graph):
    make_node(graph, classes=["unicorn"])
    reports = graph.listen(DiagnosticArray, "/diagnostics")
    name = "/semantic_cloud: semantic cloud"
    graph.next_report(reports, name, lambda status, _: "no class unicorn" in status.message)


@pytest.mark.parametrize("wrong", [{"range": [1.0]}, {"range": [-1.0, 2.0]}, {"step": 0}])
def test_wrong_parameters_are_refused_at_start(graph, wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        make_node(graph, **wrong)


def test_big_endian_depth_is_read():
    message = depth_message(np.array([[1500]], ">u2"), 1, "16UC1")
    message.is_bigendian = 1
    assert depth_pixels(message).tolist() == [[1500]]
