"""The page on own labels, from COCO to masks of a node, as its reader would run it."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from documented_commands import ROOT, commands
from drawn_workshop import CATEGORIES, write_workshop

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("supervision", reason="reading COCO needs supervision")
pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from sensor_msgs.msg import Image

from mininet_ros import cli
from mininet_ros.nodes.common.image_messages import image_to_bgr

if not (ROOT / "docs").is_dir():
    pytest.skip("needs the source checkout", allow_module_level=True)

PICTURES, WIDTH, HEIGHT = 60, 160, 120
# Few and small steps: a test has no minutes.
SHORT = {"train": ["--input-size", "96x72", "--epochs", "3", "--batch-size", "6", "--threads", "1"]}
CLASSES = ("background", *CATEGORIES.values())
BEST_ACCURACY = 0.8  # share of a picture's pixels; its wall alone are a half


def steps(title: str = "") -> list[tuple[str, ...]]:
    """The page's commands, in their order, up to the last one of the walk."""
    found = [
        command.words
        for command in commands(ROOT / "docs" / "own-labels.md")
        if command.title == title
    ]
    nodes = [i for i, words in enumerate(found) if "mininet_ros.nodes" in words]
    return found[: nodes[-1] + 1]


def test_sixty_labelled_pictures_become_the_masks_of_a_node(graph, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_workshop(tmp_path / "workshop", PICTURES, WIDTH, HEIGHT)
    ran, nodes = [], []
    for words in steps():
        if words[0] == "mininet_ros":
            status = cli.main([*words[1:], *SHORT.get(words[1], ())])
            said = capsys.readouterr()
            assert status == 0, f"{words}\n{said.err}"
            if words[1] == "train":
                assert "epochs will take at most about" in said.err
            ran.append(words[1])
        else:
            nodes.append([sys.executable, *words[1:]])
    assert ran == ["import-labels", "train", "evaluate", "export"]
    assert (tmp_path / "my_model_int8" / "model.int8.onnx").is_file()
    assert len(list((tmp_path / "labelled").glob("*/labels/*.png"))) == PICTURES
    assert len(nodes) == 2

    pairs = [
        (cv2.imread(str(path)), cv2.imread(str(path).replace("images", "labels"), 0))
        for path in (tmp_path / "labelled" / "val" / "images").iterdir()
    ]
    truth = {picture.tobytes(): labels for picture, labels in pairs}
    images = graph.listen(Image, "image")
    masks = graph.listen(Image, "segmentation/mask")
    running = [subprocess.Popen(words, cwd=tmp_path) for words in nodes]

    # The segmentation node may discover the camera before this test does.
    def pairs_seen() -> list[tuple[Image, Image]]:
        by_header = {str(image.header): image for image in images}
        return [
            (by_header[str(mask.header)], mask) for mask in masks if str(mask.header) in by_header
        ]

    try:
        graph.spin_until(lambda: len(pairs_seen()) > 2, timeout_s=60)
    finally:
        for process in running:
            process.terminate()
        endings = [process.wait(20) for process in running]
    assert endings == [0, 0]
    shares = []
    for image, mask in pairs_seen():
        picture = image_to_bgr(image)
        labels = np.frombuffer(mask.data, np.uint8).reshape(mask.height, mask.width)
        assert labels.shape == (HEIGHT, WIDTH) and labels.max() < len(CLASSES)
        shares.append((labels == truth[picture.tobytes()]).mean())
    assert np.mean(shares) > BEST_ACCURACY
