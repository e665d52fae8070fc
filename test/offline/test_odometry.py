"""Odometry of recordings, and requests: files in common formats, and what is wrong with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drive_rig import COUNT, forwarded, preset, rows_of, run

from mininet_ros.keyframes.cues.scores import Pose
from mininet_ros.keyframes.selection.pose_track import PoseTrack
from mininet_ros.offline.odometry import read_trajectory
from mininet_ros.sequences import open_sequence

RATE_HZ = 15


def tum(frames, step_m=0.1, start_s=0.0, stamp="{:.9f}"):
    """A trajectory along x."""
    lines = (
        f"{stamp.format(start_s + i / RATE_HZ)} {step_m * i} 0 0 0 0 0 2" for i in range(frames)
    )
    return "# stamp x y z qx qy qz qw\n" + "\n".join(lines) + "\n"


def kitti(frames, step_m=0.1, turn_deg=0.0):
    lines = []
    for i in range(frames):
        c, s = math.cos(math.radians(turn_deg * i)), math.sin(math.radians(turn_deg * i))
        matrix = [[c, 0, s, step_m * i], [0, 1, 0, 0], [-s, 0, c, 0]]
        lines.append(" ".join(f"{v:e}" for row in matrix for v in row))
    return "\n".join(lines) + "\n"


@pytest.fixture
def by_distance(tmp_path):
    path = preset(tmp_path, min_distance_m=0.5, window_time_s=0.0, min_gap_s=0.0, max_gap_s=0.0)
    return ["--preset", path, "--classes"]


@pytest.mark.parametrize("write", [tum, kitti])
def test_twice_the_speed_gives_twice_the_keyframes(capsys, given, by_distance, tmp_path, write):
    counts = []
    for step_m in (0.1, 0.2):
        path, output = tmp_path / "trajectory.txt", tmp_path / "out"
        path.write_text(write(COUNT, step_m))
        arguments = [*given, *by_distance, "--odometry", path, "--output", output]
        status, out, err = run(capsys, *arguments)
        assert status == 0, err
        assert f"odometry: {COUNT} of {COUNT} frames have a pose" in out
        counts.append(len(forwarded(rows_of(output))))
    assert counts[0] in (6, 7) and counts[1] >= 2 * counts[0] - 2


def test_rotation_counts(capsys, given, tmp_path):
    path = tmp_path / "poses.txt"
    chosen = []
    for turn_deg in (0.5, 2.0):
        path.write_text(kitti(COUNT, 0.0, turn_deg))
        arguments = ["--set", "min_rotation_deg=10", "window_time_s=0", "max_gap_s=0"]
        arguments += ["--classes", "--odometry", path, "--output", tmp_path / "out"]
        assert run(capsys, *given, *arguments)[0] == 0
        chosen.append(len(forwarded(rows_of(tmp_path / "out"))))
    assert chosen[0] < chosen[1]


def test_quaternions_of_kitti_rotations(tmp_path, drive):
    path = tmp_path / "poses.txt"
    path.write_text(kitti(COUNT, 0.0, 12.0))
    with open_sequence(drive / "images") as sequence:
        odometry = read_trajectory(path, sequence)
    for index in (0, 7, 15, 29):
        half = math.radians(6.0 * index)
        expected = np.array([0.0, math.sin(half), 0.0, math.cos(half)])
        found = np.array(odometry.at(index, 0).orientation)
        assert abs(expected @ found) == pytest.approx(1.0, abs=1e-6)


WRONG = {
    "{trajectory} and the recording have no time in common: the poses run from 900.000 s to "
    "901.933 s, the frames from 0.000 s to 2.000 s": tum(30, start_s=900.0),
    "has 3 columns: poses have 8 (TUM: stamp, position, quaternion) or 12 (KITTI": "0 1 2\n1 1 2\n",
    "has 9 poses for 30 frames: the format of KITTI has one for each frame": kitti(9),
    "line 2 of {trajectory} holds 'x', which is no number": "0 0 0 0 0 0 0 1\n1 x 0 0 0 0 0 1\n",
    "line 1 of {trajectory} must start with a stamp in seconds, not 'a'": "a 0 0 0 0 0 0 1\n",
    "line 1 of {trajectory} must start with a stamp in seconds, not '1e400'": "1e400 0 0 0 0 0 0 1",
    "line 1 of {trajectory} must start with a stamp in seconds, not '1e12'": "1e12 0 0 0 0 0 0 1",
    "line 1 of {trajectory} holds '1e400', which is no number": "0 1e400 0 0 0 0 0 1\n",
    "the quaternion 0 0 0 0, which is no rotation": "0 0 0 0 0 0 0 0\n",
    "holds no rotation in its 3x4 matrix": " ".join("111111111111") + "\n",
    "holds no poses": "# nothing\n",
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_trajectories_are_told_in_one_sentence(capsys, given, by_distance, tmp_path, message):
    path = tmp_path / "trajectory.txt"
    path.write_text(WRONG[message])
    arguments = [*given, *by_distance, "--odometry", path, "--output", tmp_path / "out"]
    status, out, err = run(capsys, *arguments)
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert message.format(trajectory=path) in err
    assert not (tmp_path / "out").exists()


def test_odometry_and_settings_have_to_go_together(capsys, given, by_distance, tmp_path):
    path = tmp_path / "trajectory.txt"
    path.write_text(tum(COUNT))
    output = ["--output", tmp_path / "out"]
    assert "does not use odometry" in run(capsys, *given, "--odometry", path, *output)[2]
    assert "need odometry: give a trajectory" in run(capsys, *given, *by_distance, *output)[2]
    topic = [*by_distance, "--odometry-topic", "/odom"]
    assert "is no bag; leave out the odometry topic" in run(capsys, *given, *topic, *output)[2]


def test_poses_up_to_the_image_count():
    track = PoseTrack(most=3)
    pose = [Pose((float(i), 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)) for i in range(10)]
    assert track.at(0) is None
    for i in range(10):
        track.add(i * 100_000_000, pose[i])
    assert track.at(900_000_000) is pose[9] and track.at(1_399_000_000) is pose[9]
    assert track.at(1_401_000_000) is None
    assert track.at(899_999_999) is pose[8]
    assert len(track) <= 6
    track.add(5, pose[0])
    assert len(track) == 1 and track.at(5) is pose[0] and track.at(4) is None


REQUESTS = {
    "seconds": "0.4\n1.2\n",
    "KITTI times": "4.000000e-01\n1.200000e+00\n",
    "CSV with names": "timestamp,x,y\r\n0.4,1,2\r\n1.2,1,2\r\n",
    "semicolons and a byte order mark": "\ufeff0.4;1\n1.2;2\n",
    "TUM": "# t x y z\n0.4 0 0 0 0 0 0 1\n1.2 0 0 0 0 0 0 1\n",
}


@pytest.mark.parametrize("form", REQUESTS)
def test_forms_of_requests(capsys, given, tmp_path, form):
    path = tmp_path / "requests.txt"
    path.write_text(REQUESTS[form], encoding="utf-8")
    arguments = ["--set", "mode=request", "max_gap_s=0", "--classes", "--requests", path]
    status, _, err = run(capsys, *given, *arguments, "--output", tmp_path / "out")
    assert status == 0, err
    chosen = forwarded(rows_of(tmp_path / "out"))
    assert [row["requested_stamp"] for row in chosen] == ["0.400000000", "1.200000000"]


def test_requests_by_whole_nanoseconds_and_names_of_tum(capsys, drive, tmp_path):
    images = tmp_path / "rgb"
    images.mkdir()
    names = [f"{1305031102 + i / 10:.6f}" for i in range(COUNT)]
    for name, source in zip(names, sorted((drive / "images").iterdir())):
        (images / f"{name}.jpg").write_bytes(source.read_bytes())
    path = tmp_path / "requests.txt"
    arguments = ["--set", "mode=request", "max_gap_s=0", "--requests", path]
    for text in (f"{names[5]} 0 0 0 0 0 0 1\n", names[5].replace(".", "") + "000\n"):
        path.write_text(text)
        status, _, err = run(capsys, images, *arguments, "--output", tmp_path / "out")
        assert status == 0, err
        (row,) = forwarded(rows_of(tmp_path / "out"))
        assert float(row["requested_stamp"]) == float(names[5])


def test_wrong_requests_are_told_in_one_sentence(capsys, given, tmp_path):
    path = tmp_path / "requests.txt"
    arguments = [*given, "--set", "mode=request", "max_gap_s=0", "--classes", "--requests", path]
    for text, message in (
        (tum(4, start_s=70.0), "is within the recording: they run from 70.000 s to 70.200 s, the"),
        (kitti(4), "holds poses in the format of KITTI, which have no times"),
        ("# none\n", "holds no requests"),
        ("400000000\n", "is within the recording: they run from 400000000.000 s"),
    ):
        path.write_text(text)
        status, out, err = run(capsys, *arguments, "--output", tmp_path / "out")
        assert (status, out, len(err.splitlines())) == (1, "", 1)
        assert message in err
