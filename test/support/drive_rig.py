"""A short drive with its truth, and ``select-keyframes`` run on it: for tests of that command."""

from __future__ import annotations

import csv

import cv2
import pytest
import yaml

from mininet_ros import cli
from mininet_ros.lab.street import GeneratedStreet

COUNT = 30


def run(capsys, *arguments):
    status = cli.main(["select-keyframes", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def rows_of(folder):
    with (folder / "keyframes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def forwarded(rows):
    return [row for row in rows if row["forwarded"] == "1"]


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """A short drive as JPEGs in ``images``, with PNGs of its truth in ``labels``."""
    folder = tmp_path_factory.mktemp("drive")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    street = GeneratedStreet(width=160, height=120, duration_s=COUNT / 15)
    for index in range(COUNT):
        frame, truth = street.render(index)
        cv2.imwrite(str(folder / "images" / f"{frame.name}.jpg"), frame.image)
        cv2.imwrite(str(folder / "labels" / f"{frame.name}.png"), truth.labels)
    return folder


@pytest.fixture
def given(drive):
    """Arguments of a selection on the drive with its truth as masks."""
    return [drive / "images", "--rate", 15, "--labels", drive / "labels", "--dataset", "camvid"]


def preset(tmp_path, **parameters):
    path = tmp_path / "preset.yaml"
    path.write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}))
    return path
