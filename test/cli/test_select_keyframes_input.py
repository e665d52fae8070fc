"""``mininet_ros select-keyframes``: what it takes, and what it says of what it cannot take."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
from drive_rig import (
    COUNT,
    forwarded,
    rows_of,
    run,
)

from mininet_ros import cli
from mininet_ros.sequences import open_sequence


def test_masks_of_a_model(capsys, drive, tiny_model, tmp_path):
    arguments = [drive / "images", "--model", tiny_model, "--frames", 12, "--output"]
    status, out, _ = run(capsys, *arguments, tmp_path / "out", "--json", "--classes", "Car")
    summary = json.loads(out)
    assert status == 0
    assert summary["frames"] == 12
    assert summary["masks"].startswith("tiny_mininet_v2_cpu (onnxruntime")
    assert summary["without_mask"] == 0
    for row in forwarded(rows_of(tmp_path / "out")):
        mask = cv2.imread(str(tmp_path / "out" / row["mask"]), cv2.IMREAD_UNCHANGED)
        assert mask.shape == (120, 160) and mask.max() < 11


def test_generated_sequence_brings_its_truth(capsys, tmp_path):
    arguments = ["generated", "--frames", 8, "--output", tmp_path / "out", "--json"]
    summary = json.loads(run(capsys, *arguments)[1])
    assert summary["masks"] == "the generator's truth"
    assert summary["forwarded"] == 1


def test_video_without_semantics(capsys, tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "v.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for index in range(12):
        noise = np.random.default_rng(index).integers(0, 255, (12, 16, 3), np.uint8)
        writer.write(cv2.resize(noise, (64, 48)))
    writer.release()
    video, output = tmp_path / "v.avi", tmp_path / "out"
    run(capsys, video, "--classes", "--output", output)
    frames = {frame.name: frame.image for frame in open_sequence(video)}
    chosen = forwarded(rows_of(output))
    assert chosen
    for row in chosen:
        assert row["mask"] == ""
        image = cv2.imread(str(output / row["image"]))
        np.testing.assert_array_equal(image, frames[row["name"]])
    run(capsys, video, "--classes", "--output", output, "--jpeg", 90)
    assert {path.suffix for path in (output / "images").iterdir()} == {".jpg"}


def test_labels_in_the_order_of_frames(capsys, drive, tmp_path):
    labels = tmp_path / "labels"
    labels.mkdir()
    for index in range(COUNT):
        shutil.copy(drive / "labels" / f"frame_{index:06d}.png", labels / f"{index:03d}.png")
    arguments = [drive / "images", "--labels", labels, "--dataset", "camvid", "--output"]
    run(capsys, *arguments, tmp_path / "out")
    row = forwarded(rows_of(tmp_path / "out"))[0]
    written = cv2.imread(str(tmp_path / "out" / row["mask"]), cv2.IMREAD_UNCHANGED)
    expected = cv2.imread(str(labels / f"{int(row['index']):03d}.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, expected)
    (labels / "007.png").unlink()
    status, _, err = run(capsys, *arguments, tmp_path / "out")
    assert status == 1 and f"holds {COUNT - 1} labels for {COUNT} frames" in err


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (
            np.full((120, 160), 200, np.uint8),
            "holds label 200 (19200 pixels)",
        ),
        (np.full((120, 160, 3), (1, 2, 3), np.uint8), "no class has: (3, 2, 1) in 19200 pixels"),
        (None, "has no label for frame frame_000005"),
    ],
)
def test_wrong_labels(capsys, drive, tmp_path, label, message):
    labels = tmp_path / "labels"
    shutil.copytree(drive / "labels", labels)
    (labels / "frame_000005.png").unlink()
    if label is not None:
        cv2.imwrite(str(labels / "frame_000005.png"), label)
    status, _, err = run(
        capsys, drive / "images", "--labels", labels, "--dataset", "camvid",
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert status == 1 and message in err.splitlines()[-1]


def test_void_of_camvid(capsys, drive, tmp_path):
    labels = tmp_path / "labels"
    shutil.copytree(drive / "labels", labels)
    cv2.imwrite(str(labels / "frame_000000.png"), np.full((120, 160), 11, np.uint8))
    run(
        capsys, drive / "images", "--labels", labels, "--dataset", "camvid", "--frames", 1,
        "--output", tmp_path / "out",
    )  # fmt: skip
    mask = cv2.imread(str(tmp_path / "out" / "masks" / "frame_000000.png"), cv2.IMREAD_UNCHANGED)
    assert (mask == 255).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--classes"], "nowhere does not exist"),
        (["{images}", "--preset", "fast", "--classes"], "There is no preset 'fast'"),
        (
            ["{images}", "--preset", "text"],
            "looking for SignSymbol needs masks: give --model or --labels",
        ),
        (["{images}", "--model", "nothing"], "there is no model 'nothing'"),
        (["{images}", "--labels", "{labels}"], "need class names; give --dataset or --model"),
        (["{images}", "--labels", "{images}", "--dataset", "camvid"], "holds no PNGs"),
        (["{images}", "--labels", "{labels}", "--dataset", "x"], "'x' is neither a known dataset"),
        (
            ["{images}", "--labels", "{labels}", "--dataset", "icdar2015", "--preset", "text"],
            "the masks know no class SignSymbol: choose --classes among background, text",
        ),
        (["{images}", "--classes", "--bag", "x"], "--bag filters a bag, and"),
        (["{images}", "--classes", "--image-topic", "/image"], "is no bag; leave out the topic"),
        (["{images}", "--classes", "--mask-topic", "/mask"], "is no bag; leave out the mask topic"),
        (["{images}", "--classes", "--requests", "x"], "answers no requests"),
        (["generated", "--classes", "Car: heavy"], "The weight of class 'Car' must be a number"),
    ],
)
def test_errors_are_one_sentence(capsys, monkeypatch, drive, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    places = {"images": drive / "images", "labels": drive / "labels"}
    filled = [argument.format(**places) for argument in arguments]
    status, out, err = run(capsys, *filled, "--output", "out")
    assert status == 1 and out == ""
    assert message in err and len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["--frames", "0"], ["--jpeg", "101"], ["--jpeg", "best"]])
def test_wrong_arguments_end_with_status_two(arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(["select-keyframes", "generated", "--output", "x", *arguments])
    assert end.value.code == 2


def test_frames_too_small_to_be_scored_are_passed_over(capsys, caplog, drive, tmp_path):
    images = tmp_path / "images"
    shutil.copytree(drive / "images", images)
    thumbnail = cv2.resize(cv2.imread(str(images / "frame_000000.jpg")), (12, 9))
    cv2.imwrite(str(images / "frame_000004.jpg"), thumbnail)
    for extra in ([], ["--count", 4]):
        arguments = [images, *extra, "--output", tmp_path / "out", "--json"]
        status, out, _ = run(capsys, *arguments)
        assert status == 0
        assert "frame frame_000004 is too small to be scored: 12 x 9 pixels" in caplog.text
        assert (json.loads(out)["frames"], json.loads(out)["passed_over"]) == (COUNT - 1, 1)
    for path in images.iterdir():
        cv2.imwrite(str(path), thumbnail)
    status, _, err = run(capsys, images, "--output", tmp_path / "none")
    assert status == 1 and f"{COUNT} items of the input passed over" in err.splitlines()[-1]
    assert not (tmp_path / "none").exists()


def test_folders_with_images_below_the_given_one_are_named(capsys, drive, tmp_path):
    for name in ("left", "right/data"):
        shutil.copytree(drive / "images", tmp_path / "robot" / name)
    status, _, err = run(capsys, tmp_path / "robot", "--output", tmp_path / "out")
    assert status == 1 and "holds no images itself" in err and "left, right/data" in err
