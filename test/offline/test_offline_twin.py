"""``mininet_ros select-keyframes`` and the node: the same input, the same choice."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from keyframe_rig import (
    CLASSES,
    DEEP,
    FIRST_S,
    STEP_NS,
    Rig,
    header,
    known_classes,  # noqa: F401 - a fixture
    labels,
    number_of,
    picture,
)
from nav_msgs.msg import Odometry

from mininet_ros import cli
from mininet_ros.keyframes.settings import read_preset
from mininet_ros.nodes.common.stamps import header_of

pytestmark = pytest.mark.usefixtures("known_classes")

COUNT = 60
CHUNK = 15
FIRST_NS = FIRST_S * 10**9 + 7

# The node's clock runs on while a test waits; only a silence of the stamps is to count.
COMMON = {"classes": ["sign"], "pause_s": 60.0}


def preset(folder, **parameters):
    """Path of a parameter file, which both sides read."""
    path = folder / "preset.yaml"
    path.write_text(yaml.safe_dump({"/**": {"ros__parameters": COMMON | parameters}}))
    return path


def offline(folder, *arguments):
    """Number of each frame, its fate, reason and worth, as keyframes.csv tells it."""
    classes = folder / "classes.yaml"
    rows = [{"name": name, "color": [60 * i] * 3} for i, name in enumerate(CLASSES)]
    classes.write_text(yaml.safe_dump({"classes": rows}))
    output = folder / "out"
    arguments = [*arguments, "--dataset", classes, "--output", output]
    assert cli.main(["select-keyframes", *map(str, arguments)]) == 0
    with (output / "keyframes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [(int(r["index"]), r["forwarded"], r["reason"], float(r["worth"])) for r in rows]


def online(graph, path, requests=()):
    """The same as keyframe/scores tells it; and the numbers of the pictures on keyframe/image."""
    rig = Rig(graph, **({"window_motion": 0.0} | read_preset(path)))
    for first in range(0, COUNT, CHUNK):
        rig.play(*range(first, first + CHUNK))
        count = str(first + CHUNK)
        rig.report(lambda _, values, count=count: values.get("scored_with_mask") == count)
        asked = [request for request in requests if first <= request < first + CHUNK]
        for request in asked:
            rig.requests.publish(header(request))
        if asked:
            total = str(sum(request < first + CHUNK for request in requests))
            rig.report(lambda _, values, total=total: values["requests"] == total)
    rig.node.close()
    decided = [
        (d["number"], d["forwarded"], d["reason"], float(d["worth"]))
        for d in rig.wait_for_scores(COUNT)
    ]
    chosen = sorted(number for number, forwarded, *_ in decided if forwarded == "1")
    graph.spin_until(lambda: len(rig.images) >= len(chosen))
    assert sorted(number_of(image) for image in rig.images) == chosen
    return sorted(decided)


def drive_at(number):
    """Way of the robot at a picture, metres: slow, then fast."""
    return 0.05 * number if number < COUNT // 2 else 0.05 * number + 0.15 * (number - COUNT // 2)


def test_same_choice_by_odometry(graph, tmp_path):
    pytest.importorskip("rosbags", reason="reading bags needs rosbags")
    from bag_recorder import Recorder

    # Poses at three times the camera's rate; those of a picture's own stamp come late.
    poses = [(FIRST_NS + third * STEP_NS // 3, third / 3) for third in range(3 * COUNT)]
    with Recorder("mcap", tmp_path) as bag:
        for number in range(COUNT):
            stamp = FIRST_NS + number * STEP_NS
            message = bag.image(np.ascontiguousarray(picture(number)), "bgr8", stamp)
            bag.write("/image", message, stamp + 1)
        for stamp, at in poses:
            bag.write("/robot/odom", recorded_odometry(bag, stamp, drive_at(at)), stamp + 2)
    parameters = {"min_distance_m": 0.5, "window_time_s": 0.0, "min_gap_s": 0.0, "max_gap_s": 0.0}
    path = preset(tmp_path, window_motion=0.1, **parameters | {"classes": [""]})
    twin = offline(tmp_path, bag.path, "--preset", path)
    chosen = [number for number, forwarded, *_ in twin if forwarded == "1"]
    slow = sum(number < COUNT // 2 for number in chosen)
    assert slow >= 2 and len(chosen) - slow >= 2 * slow
    rig = Rig(graph, **({"window_motion": 0.1} | read_preset(path)))
    odometry = graph.publisher(Odometry, "/odometry", DEEP)
    graph.spin_until(lambda: odometry.get_subscription_count())
    for number in range(COUNT):
        rig.play(number)  # an image waits for the poses up to its stamp
        for stamp, at in poses[max(0, 3 * number - 2) : 3 * number + 1]:
            message = Odometry(header=header_of(stamp))
            message.pose.pose.position.x = drive_at(at)
            message.pose.pose.orientation.w = 1.0
            odometry.publish(message)
    rig.report(lambda _, values: values.get("images") == str(COUNT))
    rig.node.close()
    decided = [
        (d["number"], d["forwarded"], d["reason"], float(d["worth"]))
        for d in rig.wait_for_scores(COUNT)
    ]
    assert sorted(decided) == twin


def recorded_odometry(bag, stamp_ns, x):
    """An odometry message of rosbags."""
    kinds = bag.types.types
    geometry = {name: kinds[f"geometry_msgs/msg/{name}"] for name in (
        "Point", "Quaternion", "Pose", "PoseWithCovariance", "Vector3", "Twist",
        "TwistWithCovariance",
    )}  # fmt: skip
    none = geometry["Vector3"](x=0.0, y=0.0, z=0.0)
    pose = geometry["Pose"](
        position=geometry["Point"](x=float(x), y=0.0, z=0.0),
        orientation=geometry["Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0),
    )
    return kinds["nav_msgs/msg/Odometry"](
        header=bag.header(stamp_ns),
        child_frame_id="base",
        pose=geometry["PoseWithCovariance"](pose=pose, covariance=np.zeros(36)),
        twist=geometry["TwistWithCovariance"](
            twist=geometry["Twist"](linear=none, angular=none), covariance=np.zeros(36)
        ),
    )


def write_files(folder):
    """The drive as PNGs of pictures and labels."""
    for name, draw in (("images", picture), ("labels", labels)):
        (folder / name).mkdir()
        for number in range(COUNT):
            cv2.imwrite(str(folder / name / f"{number:03d}.png"), draw(number))
    return [folder / "images", "--rate", 10, "--labels", folder / "labels"]


@pytest.mark.parametrize(
    "parameters",
    [
        read_preset("slam") | COMMON | {"window_motion": 0.0625},
        {"window_motion": 0.15, "min_gap_s": 0.3, "max_gap_s": 1.0, "quality_floor": 0.4},
        {"mode": "gate", "gate_share": 0.3, "min_gap_s": 0.2, "max_gap_s": 2.0},
    ],
    ids=["slam", "floor and gaps", "gate"],
)
def test_same_choice_from_files(graph, tmp_path, parameters):
    # Labels in files come without confidence.
    path = preset(tmp_path, **parameters | {"use_confidence": False})
    twin = offline(tmp_path, *write_files(tmp_path), "--preset", path)
    assert 2 < sum(forwarded == "1" for _, forwarded, *_ in twin) < COUNT / 2
    assert online(graph, path) == twin


def test_same_answers_to_requests(graph, tmp_path):
    requests = (14, 29, 44)  # each the newest picture when it is asked for
    path = preset(tmp_path, mode="request", max_gap_s=0.0, use_confidence=False)
    asked = tmp_path / "requests.txt"
    # The stamps of files start at 0.
    asked.write_text("".join(f"{number * STEP_NS / 1e9:.9f}\n" for number in requests))
    arguments = [*write_files(tmp_path), "--preset", path, "--requests", asked]
    twin = offline(tmp_path, *arguments)
    answers = [number for number, forwarded, *_ in twin if forwarded == "1"]
    assert len(answers) == 3
    assert online(graph, path, requests) == twin


def test_same_choice_from_a_bag_with_masks_and_confidence(graph, tmp_path):
    pytest.importorskip("rosbags", reason="reading bags needs rosbags")
    from bag_recorder import Recorder

    with Recorder("mcap", tmp_path) as bag:
        for number in range(COUNT):
            stamp = FIRST_NS + number * STEP_NS
            mask = labels(number)
            certain = np.full_like(mask, 250)
            for late, (topic, pixels, encoding) in enumerate(
                (
                    ("/image", picture(number), "bgr8"),
                    ("/segmentation/mask", mask, "mono8"),
                    ("/segmentation/confidence", certain, "mono8"),
                )
            ):
                message = bag.image(np.ascontiguousarray(pixels), encoding, stamp)
                bag.write(topic, message, stamp + late * 130_000_000)
    path = preset(tmp_path, **read_preset("slam") | COMMON)
    twin = offline(tmp_path, bag.path, "--preset", path)
    assert online(graph, path) == twin
