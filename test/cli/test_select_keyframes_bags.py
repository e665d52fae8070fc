"""Keyframes out of bags: with the bag's own masks and stamps, and into a smaller bag."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from drive_rig import rows_of, run

pytest.importorskip("rosbags", reason="reading bags needs rosbags")

from bag_recorder import KINDS, START_NS, Recorder
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

COUNT = 24
PERIOD_NS = 100_000_000
IMAGE, INFO = "/camera/image_raw", "/camera/camera_info"
MASK, CONFIDENCE, NOTES = "/segmentation/mask", "/segmentation/confidence", "/notes"


def picture(index: int) -> np.ndarray:
    scene = np.random.default_rng(7).integers(0, 255, (30, 80, 3), np.uint8)
    scene = cv2.resize(scene, (320, 120), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(scene[:, 6 * index : 6 * index + 160])


def labels(index: int) -> np.ndarray:
    mask = np.zeros((120, 160), np.uint8)
    mask[40:70, 100 - 3 * index : 130 - 3 * index] = 6  # SignSymbol
    return mask


def camera_info(bag: Recorder, stamp_ns: int):
    matrices = {"d": np.zeros(5), "k": np.eye(3).ravel(), "r": np.eye(3).ravel()}
    matrices["p"] = np.eye(3, 4).ravel()
    if bag.kind == "ros1":
        matrices = {name.upper(): value for name, value in matrices.items()}
    region = bag.types.types["sensor_msgs/msg/RegionOfInterest"](
        x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    return bag.types.types["sensor_msgs/msg/CameraInfo"](
        header=bag.header(stamp_ns), height=120, width=160, distortion_model="plumb_bob",
        **matrices, binning_x=0, binning_y=0, roi=region,
    )  # fmt: skip


def record(kind: str, folder: Path, masks: bool = True, requests: tuple[int, ...] = ()) -> Path:
    """A drive with calibration, notes of another topic, and perhaps masks that come 30 ms late."""
    folder.mkdir(exist_ok=True)
    with Recorder(kind, folder) as bag:
        for index in range(COUNT):
            stamp_ns = START_NS + index * PERIOD_NS
            recorded_ns = stamp_ns + 1_000_000
            bag.write(IMAGE, bag.image(picture(index), "bgr8", stamp_ns), recorded_ns)
            bag.write(INFO, camera_info(bag, stamp_ns), recorded_ns + 1)
            note = bag.types.types["std_msgs/msg/String"](data=f"turn {index}")
            bag.write(NOTES, note, recorded_ns + 2)
            if index in requests:
                bag.write("/robot/keyframe/request", bag.header(stamp_ns), recorded_ns + 5)
            if masks:
                certain = np.full((120, 160), 255, np.uint8)
                bag.write(MASK, bag.image(labels(index), "mono8", stamp_ns), recorded_ns + 3)
                bag.write(CONFIDENCE, bag.image(certain, "mono8", stamp_ns), recorded_ns + 4)
    return bag.path


@pytest.mark.parametrize("kind", KINDS)
def test_recorded_requests_are_answered(capsys, tmp_path, kind):
    path = record(kind, tmp_path / "bag")
    arguments = ["--dataset", "camvid", "--set", "mode=request", "max_gap_s=0", "--output"]
    status, _, err = run(capsys, path, *arguments, tmp_path / "out")
    assert status == 1 and "a bag that recorded keyframe/request" in err
    path = record(kind, tmp_path / "asked", requests=(5, 15))
    status, _, err = run(capsys, path, *arguments, tmp_path / "out", "--json")
    assert status == 0, err
    with (tmp_path / "out" / "keyframes.csv").open(newline="") as file:
        chosen = [row for row in csv.DictReader(file) if row["forwarded"] == "1"]
    asked = [f"{(START_NS + n * PERIOD_NS) / 1e9:.3f}" for n in (5, 15)]
    assert [row["requested_stamp"][:14] for row in chosen] == asked


def messages(path: Path):
    """(topic, time of recording, header stamp or None, bytes) of all messages."""
    found = []
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
        for connection, recorded_ns, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            stamp = None
            if hasattr(message, "header"):
                stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
            found.append((connection.topic, recorded_ns, stamp, bytes(data)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_filtered_bag_has_the_recorded_messages_of_chosen_frames(capsys, tmp_path, kind):
    source = record(kind, tmp_path / "source")
    target = tmp_path / ("small.bag" if kind == "ros1" else "small")
    status, out, err = run(
        capsys, source, "--dataset", "camvid", "--output", tmp_path / "out", "--bag", target,
        "--json",
    )  # fmt: skip
    assert status == 0, err
    summary = json.loads(out)
    chosen = [row for row in rows_of(tmp_path / "out") if row["forwarded"] == "1"]
    assert 1 < len(chosen) < COUNT
    stamps = {int(row["stamp"].replace(".", "")) for row in chosen}
    assert stamps <= {START_NS + index * PERIOD_NS for index in range(COUNT)}
    expected = [m for m in messages(source) if m[0] == NOTES or m[2] in stamps]
    written = messages(target)
    assert written == expected
    assert len(written) == COUNT + 4 * len(chosen) == summary["bag"]["messages"]
    assert summary["bag"]["left_out"] == []
    if kind != "ros1":
        assert [p.suffix for p in target.iterdir() if p.suffix != ".yaml"] == [
            ".mcap" if kind == "mcap" else ".db3"
        ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bag_with_exactly_so_many_frames(capsys, tmp_path, kind):
    source = record(kind, tmp_path / "bag")
    target = tmp_path / ("small.bag" if kind == "ros1" else "small")
    arguments = ["--dataset", "camvid", "--count", 5, "--bag", target]
    status, out, err = run(capsys, source, *arguments, "--output", tmp_path / "out", "--json")
    assert status == 0, err
    stamps = [row["stamp"] for row in rows_of(tmp_path / "out") if row["forwarded"] == "1"]
    assert len(stamps) == json.loads(out)["forwarded"] == 5
    written = [stamp_ns for topic, _, stamp_ns, _ in messages(target) if topic == IMAGE]
    assert [f"{ns // 10**9}.{ns % 10**9:09d}" for ns in written] == stamps


def test_masks_of_the_bag_count(capsys, tmp_path):
    source = record("mcap", tmp_path / "source")
    arguments = [source, "--dataset", "camvid", "--preset", "text", "--output"]
    summary = json.loads(run(capsys, *arguments, tmp_path / "out", "--json")[1])
    assert summary["masks"] == f"topic {MASK} of the bag"
    assert summary["without_mask"] == 0
    for row in rows_of(tmp_path / "out"):
        assert row["content_status"] == "measured" and row["regions"] == "1"
        if row["forwarded"] == "1":
            mask = cv2.imread(str(tmp_path / "out" / row["mask"]), cv2.IMREAD_UNCHANGED)
            np.testing.assert_array_equal(mask, labels(int(row["index"])))
            image = cv2.imread(str(tmp_path / "out" / row["image"]))
            np.testing.assert_array_equal(image, picture(int(row["index"])))


def test_masks_of_the_bag_are_passed_over(capsys, tmp_path):
    source = record("mcap", tmp_path / "source")
    arguments = [source, "--mask-topic", "none", "--classes", "--output", tmp_path / "out"]
    summary = json.loads(run(capsys, *arguments, "--json")[1])
    assert summary["masks"] is None
    assert summary["without_mask"] == COUNT


def test_unnamed_masks(capsys, tmp_path):
    source = record("mcap", tmp_path / "source")
    status, _, err = run(capsys, source, "--preset", "text", "--output", tmp_path / "out")
    assert status == 1
    assert "needs the names of the masks' classes: give --model or --dataset" in err


def test_topic_of_an_unknown_type_is_left_out_and_told(capsys, tmp_path):
    """Bags of ROS 2 Humble do not bring the definitions of their messages."""
    (tmp_path / "source").mkdir()
    with Recorder("sqlite", tmp_path / "source") as bag:
        bag.types.register(get_types_from_msg("int32 number", "robot/msg/Own"))
        bag.write(IMAGE, bag.image(picture(0), "bgr8", START_NS), START_NS)
        bag.write("/own", bag.types.types["robot/msg/Own"](number=1), START_NS + 1)
    (file,) = bag.path.glob("*.db3")
    with closing(sqlite3.connect(file)) as database:
        database.execute("DELETE FROM message_definitions")
        database.commit()
    arguments = ["--classes", "--output", tmp_path / "out", "--bag", tmp_path / "small"]
    status, out, err = run(capsys, bag.path, *arguments)
    assert status == 0, err
    assert "left out, for the bag does not define their types: /own" in out
    assert [topic for topic, *_ in messages(tmp_path / "small")] == [IMAGE]


@pytest.mark.parametrize(
    ("kind", "target", "message"),
    [
        ("ros1", "small", "is a bag of ROS 1, so the name of the filtered bag must end in .bag"),
        ("mcap", "small.bag", "is a bag of ROS 2, so the name of the filtered bag is a folder"),
        ("mcap", "source", "exists already; give another name"),
    ],
)
def test_targets_that_cannot_be(capsys, tmp_path, kind, target, message):
    source = record(kind, tmp_path / "source", masks=False)
    arguments = ["--classes", "--output", tmp_path / "out", "--bag", tmp_path / target]
    status, _, err = run(capsys, source, *arguments)
    assert status == 1 and message in err
    assert not (tmp_path / "out").exists()


def select_from(capsys, tmp_path, indices, *settings):
    """Rows and written messages of a bag of pictures, some of which are recorded twice."""
    (tmp_path / "source").mkdir()
    with Recorder("mcap", tmp_path / "source") as bag:
        for index in indices:
            stamp_ns = START_NS + index * PERIOD_NS
            bag.write(IMAGE, bag.image(picture(index), "bgr8", stamp_ns), stamp_ns)
    arguments = ["--classes", *settings, "--output", tmp_path / "out", "--bag", tmp_path / "small"]
    run(capsys, bag.path, *arguments)
    return rows_of(tmp_path / "out"), messages(tmp_path / "small")


def test_image_that_came_twice_is_written_once(capsys, tmp_path):
    settings = ("--set", "window_motion=0.0625")
    rows, written = select_from(capsys, tmp_path, (0, 0, 1, 2), *settings)
    assert [row["reason"] for row in rows].count("repeated_stamp") == 1
    assert len(written) == 1


def test_a_chosen_image_that_came_twice_is_written_once(capsys, tmp_path):
    rows, written = select_from(capsys, tmp_path, (0, 0, 1, 1, 2, 2))
    assert [row["reason"] for row in rows].count("repeated_stamp") == 3
    assert len(written) == sum(row["forwarded"] == "1" for row in rows) >= 1


def record_with_companions(kind: str, folder: Path, late_ns: int = 5_000_000) -> Path:
    """A drive with depth, 5 ms after the image, and a point of a header and a place."""
    folder.mkdir()
    with Recorder(kind, folder) as bag:
        point = bag.types.types["geometry_msgs/msg/Point"](x=1.0, y=2.0, z=3.0)
        for index in range(COUNT):
            stamp_ns = START_NS + index * PERIOD_NS
            bag.write(IMAGE, bag.image(picture(index), "bgr8", stamp_ns), stamp_ns + 1)
            if index < COUNT - 4:
                depth = np.full((12, 16), index, np.uint8)
                late = bag.image(depth, "mono8", stamp_ns + late_ns)
                bag.write("/camera/depth/image_rect", late, stamp_ns + late_ns)
            stamped = bag.types.types["geometry_msgs/msg/PointStamped"](
                header=bag.header(stamp_ns - 1000), point=point
            )
            bag.write("/laser/point", stamped, stamp_ns + 2)
            bag.write(NOTES, bag.types.types["std_msgs/msg/String"](data="x"), stamp_ns + 3)
    return bag.path


@pytest.mark.parametrize("kind", KINDS)
def test_filtered_bag_keeps_the_companions_of_chosen_frames(capsys, tmp_path, kind):
    source = record_with_companions(kind, tmp_path / "source")
    target = tmp_path / ("small.bag" if kind == "ros1" else "small")
    chosen = ["--image-topic", IMAGE, "--count", 6, "--output", tmp_path / "out", "--bag", target]
    companions = ["--set", "companions=[depth/image_rect, laser/point]"]
    status, out, err = run(capsys, source, *chosen, *companions, "--json")
    assert status == 0, err
    rows = [row for row in rows_of(tmp_path / "out") if row["forwarded"] == "1"]
    stamps = [int(row["stamp"].replace(".", "")) for row in rows]
    last = START_NS + (COUNT - 5) * PERIOD_NS
    written = messages(target)
    depth = [stamp for topic, _, stamp, _ in written if topic == "/camera/depth/image_rect"]
    assert depth == [stamp + 5_000_000 for stamp in stamps if stamp <= last]
    points = [stamp for topic, _, stamp, _ in written if topic == "/laser/point"]
    assert points == [stamp - 1000 for stamp in stamps]
    assert set(written) <= set(messages(source))
    missing = sum(stamp > last for stamp in stamps)
    assert missing and json.loads(out)["bag"]["missing"] == {"/camera/depth/image_rect": missing}


def test_what_becomes_of_companions_is_told(capsys, tmp_path):
    source = record_with_companions("mcap", tmp_path / "source")
    arguments = ["--image-topic", IMAGE, "--count", 6, "--output", tmp_path / "out", "--bag"]
    out = run(capsys, source, *arguments, tmp_path / "a")[1]
    assert "left out, for no message has the stamp of a chosen frame" in out
    assert "/camera/depth/image_rect" in out
    near = ["--set", "companions=[depth/image_rect]", "companion_slop_s=0.001"]
    out = run(capsys, source, *arguments, tmp_path / "b", *near)[1]
    assert "6 chosen frames have no message on the companion /camera/depth/image_rect" in out
    for value, message in (
        ("[nothing]", "must have one topic for companion nothing, and has none"),
        ("[notes]", "its type std_msgs/msg/String has no header, so no stamp"),
        ("depth", "must be a list of topics"),
    ):
        wrong = ["--set", f"companions={value}"]
        status, _, err = run(capsys, source, *arguments, tmp_path / "c", *wrong)
        assert status == 1 and message in err.splitlines()[-1]
        assert not (tmp_path / "c").exists()


def test_odometry_of_bags(capsys, tmp_path):
    source = record("mcap", tmp_path / "source", masks=False)
    arguments = ["--set", "min_distance_m=1", "--output", tmp_path / "out"]
    status, _, err = run(capsys, source, *arguments)
    assert status == 1 and "holds no odometry (nav_msgs/msg/Odometry)" in err
    status, _, err = run(capsys, source, *arguments, "--odometry-topic", "/odom")
    assert status == 1 and "has no odometry topic /odom: it holds no nav_msgs/msg/Odometry" in err
