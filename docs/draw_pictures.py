"""Draws the pictures of the documentation from the drawn street: ``draw_pictures.py [NAME ...]``.

``street`` is the picture of the README, with the masks of the shipped model for CPUs: draw it again
when that model has changed. ``quality`` and ``windows`` are those of the page on keyframes.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from mininet_ros import cli
from mininet_ros.images.drawing import contact_sheet, overlay, with_legend
from mininet_ros.inference import load_segmenter
from mininet_ros.keyframes.cues.quality import measure_quality
from mininet_ros.lab.keyframes.degradation import blur, change_exposure, darken_with_noise
from mininet_ros.lab.street import GeneratedStreet
from mininet_ros.sequences.files import read_image

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "pictures"
FRAME, FRAMES = 30, 70
WINDOWS = (0.1, 0.4)
COLUMNS, TILE = 4, (240, 180)
JPEG_QUALITY = 80

# A frame of the street with every class in it.
STREET_FRAME, STREET_MODEL = 225, "camvid"


def main(names: Sequence[str]) -> None:
    """Draw the pictures of these names; all of them where none is given."""
    for name in names or PICTURES:
        path, draw = PICTURES[name]
        path.parent.mkdir(exist_ok=True)
        encoded = cv2.imencode(".jpg", draw(), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        path.write_bytes(encoded.tobytes())
        print(path)


def street() -> np.ndarray:
    """A frame of the street beside the classes that the shipped model sees in it."""
    image = GeneratedStreet().render(STREET_FRAME)[0].image
    segmenter = load_segmenter(STREET_MODEL, "cpu")
    mask = segmenter.segment(image, with_confidence=False).mask
    blended = overlay(image, mask, segmenter.model.colors)[..., ::-1]
    return with_legend(np.hstack([image, blended]), segmenter.model.table)


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


def windows() -> np.ndarray:
    """The first keyframes of the street for two values of ``window_motion``."""
    return np.concatenate([chosen(window) for window in WINDOWS])


PICTURES: dict[str, tuple[Path, Callable[[], np.ndarray]]] = {
    "street": (ROOT / "resource" / "street.jpg", street),
    "quality": (PAGES / "quality.jpg", qualities),
    "windows": (PAGES / "windows.jpg", windows),
}


if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in PICTURES]
    if unknown:
        sys.exit(f"there is no picture {unknown[0]}: give some of {', '.join(PICTURES)}, or none")
    main(sys.argv[1:])
