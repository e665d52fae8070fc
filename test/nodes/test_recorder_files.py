"""The recorder's film and bag, read back with the libraries that others use."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from node_arguments import parameters
from ros_graph import ROOT

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
pytest.importorskip("av", reason="needs PyAV")
pytest.importorskip("rosbags", reason="needs rosbags")

import av
from rclpy.serialization import serialize_message
from rosbags.highlevel import AnyReader
from std_msgs.msg import Header

from mininet_ros.models import load_model
from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.nodes.recorder.bag import BAG, Bag
from mininet_ros.nodes.recorder.film import FILM, Film

SECOND = 10**9


def frames(path):
    with av.open(str(path)) as film:
        assert film.streams.video[0].codec_context.name == "h264"  # plays in every browser
        return [(float(frame.time), frame.to_ndarray(format="bgr24")) for frame in film.decode()]


def test_a_film_has_the_pictures_at_their_times(tmp_path):
    film = Film(tmp_path / FILM)
    stamps = [5 * SECOND, 5 * SECOND + SECOND // 10, 7 * SECOND]
    for number, stamp_ns in enumerate(stamps):
        film.add(stamp_ns, np.full((48, 64, 3), 60 * (number + 1), np.uint8))
    film.close()
    found = frames(tmp_path / FILM)
    assert [time for time, _ in found] == pytest.approx([0.0, 0.1, 2.0])
    assert [picture.mean() for _, picture in found] == pytest.approx([60, 120, 180], abs=4)


def test_a_film_takes_odd_and_changing_sizes(tmp_path):
    film = Film(tmp_path / FILM)
    for number, shape in enumerate([(31, 45, 3), (90, 45, 3), (10, 300, 3)]):
        film.add(number, np.full(shape, 200, np.uint8))
    film.close()
    assert [picture.shape for _, picture in frames(tmp_path / FILM)] == [(32, 46, 3)] * 3


def test_a_bag_has_types_definitions_times_and_content(tmp_path):
    bag = Bag(tmp_path)
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    message = image_message(pixels, "mono8", Header(frame_id="camera"))
    message.header.stamp.sec = 3
    bag.add_topic("/quiet", "sensor_msgs/msg/CameraInfo")
    bag.add("/mask", "sensor_msgs/msg/Image", 4 * SECOND + 7, serialize_message(message))
    bag.add_classes("/label_info", 2 * SECOND, ("road", "sky"))
    bag.close()
    assert [path.name for path in tmp_path.iterdir()] == [BAG]
    with AnyReader([tmp_path / BAG]) as reader:
        types = {topic: found.msgtype for topic, found in reader.topics.items()}
        assert types == {
            "/quiet": "sensor_msgs/msg/CameraInfo",
            "/mask": "sensor_msgs/msg/Image",
            "/label_info": "vision_msgs/msg/LabelInfo",
        }
        definitions = {found.topic: found.msgdef.data for found in reader.connections}
        assert "uint32 step" in definitions["/mask"]
        assert "MSG: vision_msgs/VisionClass" in definitions["/label_info"]
        read = {
            connection.topic: (time, reader.deserialize(content, connection.msgtype))
            for connection, time, content in reader.messages()
        }
    time, mask = read["/mask"]
    assert (time, mask.header.stamp.sec, mask.header.frame_id) == (4 * SECOND + 7, 3, "camera")
    assert (mask.data.reshape(3, 4) == pixels).all()
    time, info = read["/label_info"]
    assert time == 2 * SECOND
    assert [(entry.class_id, entry.class_name) for entry in info.class_map] == [
        (0, "road"), (1, "sky"),
    ]  # fmt: skip


def test_a_whole_demo_is_in_the_bag_and_in_the_film(graph, tiny_model, tmp_path):
    output, pictures = tmp_path / "out", tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    wall = cv2.resize(rng.integers(0, 256, (15, 60, 3), np.uint8), (640, 120))
    for number in range(30):
        cv2.imwrite(str(pictures / f"{number}.png"), wall[:, 16 * number : 16 * number + 160])
    recorder = graph.start(
        "stream_recorder_node",
        *parameters(output_dir=output, keyframes=True, bag=True, film=True, model=tiny_model),
    )
    graph.start("segmentation_node", *parameters(model=tiny_model))
    selector = graph.start(
        "keyframe_selector_node", *parameters(model=tiny_model, classes="['']", max_gap_s=0.5)
    )
    stream = graph.start(
        "image_stream_node",
        *parameters(source=pictures, rate=10, loop=False, wait_for_subscribers=5),
    )
    assert stream.wait() == 0, selector.errors
    assert recorder.wait() == 0, recorder.errors
    summary = json.loads((output / "summary.json").read_text())
    with AnyReader([output / BAG]) as reader:
        counts = {topic: found.msgcount for topic, found in reader.topics.items()}
        stamps = [
            (time, reader.deserialize(content, connection.msgtype).header.stamp)
            for connection, time, content in reader.messages()
            if connection.topic == "/image/compressed"
        ]
        labels = [
            reader.deserialize(content, connection.msgtype)
            for connection, _, content in reader.messages()
            if connection.topic == "/segmentation/label_info"
        ]
    assert counts["/camera_info"] == counts["/image/compressed"] == 30
    masks = counts["/segmentation/mask"]
    assert masks == summary["masks"] == counts["/segmentation/overlay/compressed"] > 0
    assert counts["/keyframe/scores"] == summary["keyframes"]["seen"]
    forwarded = summary["keyframes"]["forwarded"]
    assert counts["/keyframe/image"] == counts["/keyframe/camera_info"] == forwarded > 0
    assert counts["/diagnostics"] > 0
    assert {"/keyframe/mask", "/team/image/compressed", "/team/mask/compressed"} <= set(counts)
    layout = json.loads((ROOT / "config" / "foxglove_demo.json").read_text())["configById"]
    shown = {panel["imageMode"]["imageTopic"] for panel in layout.values() if "imageMode" in panel}
    assert len(shown) == 4 and shown <= set(counts)
    classes = [entry.class_name for entry in labels[0].class_map]
    assert tuple(classes) == load_model(tiny_model).classes
    for received_ns, stamp in stamps:
        late_ns = received_ns - (stamp.sec * SECOND + stamp.nanosec)
        assert 0 < late_ns < 10 * SECOND
    found = frames(output / FILM)
    assert len(found) == masks
    assert found[0][1].shape[:2] > (120, 160)  # with the legend
    assert cv2.imread(str(output / "keyframes.png")) is not None


@pytest.mark.parametrize(("parameter", "package"), [("bag", "rosbags"), ("film", "av")])
def test_a_package_that_is_missing_is_one_sentence(
    graph, tmp_path, monkeypatch, parameter, package
):
    blocked = tmp_path / "blocked" / package
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ImportError('blocked')")
    monkeypatch.setenv("PYTHONPATH", str(blocked.parent))
    recorder = graph.start(
        "stream_recorder_node", *parameters(output_dir=tmp_path / "out", **{parameter: True})
    )
    assert recorder.wait() == 1
    (line,) = recorder.errors.splitlines()
    assert line.startswith(f"stream_recorder_node: {parameter}: true needs ")
    assert "pip install" in line
    assert not (tmp_path / "out").exists()
