"""Draws the pictures of the page on keyframes, from the drawn street."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from mininet_ros import cli
from mininet_ros.images.drawing import contact_sheet
from mininet_ros.keyframes.cues.quality import measure_quality
from mininet_ros.lab.keyframes.degradation import blur, change_exposure, darken_with_noise
from mininet_ros.lab.street import GeneratedStreet
from mininet_ros.sequences.files import read_image

FOLDER = Path(__file__).parent / "pictures"
FRAME, FRAMES = 30, 70
WINDOWS = (0.1, 0.4)
COLUMNS, TILE = 4, (240, 180)
JPEG_QUALITY = 80


def main() -> None:
    """Write both pictures into ``docs/pictures``."""
    FOLDER.mkdir(exist_ok=True)
    _write("quality.jpg", qualities())
    _write("windows.jpg", np.concatenate([chosen(window) for window in WINDOWS]))


def qualities() -> np.ndarray:
    """One picture as it is and made worse, each with its scores."""
    picture = GeneratedStreet().render(FRAME)[0].image
    versions = {
        "as it is": picture,
        "out of focus": blur(picture, 2.0),
        "3 EV darker": change_exposure(picture, -3.0),
        "3 EV darker, noise": darken_with_noise(picture, 3.0, 8.0, np.random.default_rng(0)),
    }
    captions = []
    for name, version in versions.items():
        found = measure_quality(version)
        captions.append(f"{name}: quality {found.quality:.2f}")
    return contact_sheet([cv2.resize(v, TILE) for v in versions.values()], captions, COLUMNS)


def chosen(window: float) -> np.ndarray:
    """The first keyframes of the street for a value of ``window_motion``."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "chosen"
        given = (
            f"select-keyframes generated --frames {FRAMES} --classes --set window_motion={window}"
        )
        if status := cli.main([*given.split(), "--classes", "--output", str(output)]):
            raise SystemExit(status)
        with (output / "keyframes.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["image"]]
        tiles = [cv2.resize(read_image(output / row["image"]), TILE) for row in rows[:COLUMNS]]
    captions = [f"window_motion {window}: frame {row['index']}" for row in rows[:COLUMNS]]
    return contact_sheet(tiles, captions, COLUMNS)


def _write(name: str, picture: np.ndarray) -> None:
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    (FOLDER / name).write_bytes(encoded.tobytes())


if __name__ == "__main__":
    main()
