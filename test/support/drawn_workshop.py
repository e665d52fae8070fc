"""Pictures of a drawn workshop, labelled as COCO does."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

CATEGORIES = {1: "floor", 2: "crate", 3: "ball"}
BALL_CORNERS = 24


def write_workshop(folder: Path, pictures: int, width: int, height: int) -> Path:
    """Draw pictures into ``folder/images``, and their polygons into ``folder/annotations.json``.

    Each shows a floor below a wall, crates and a ball of random colours, in random light.

    Returns:
        The JSON file.
    """
    random = np.random.default_rng(7)
    (folder / "images").mkdir(parents=True)
    images, annotations = [], []
    for number in range(pictures):
        name = f"picture_{number:03d}.png"
        outlines = _outlines(random, width, height)
        picture = _drawn(random, outlines, width, height)
        cv2.imwrite(str(folder / "images" / name), picture)
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for category, corners in outlines:
            left, top = corners.min(axis=0)
            right, bottom = corners.max(axis=0)
            annotations.append(
                {
                    "id": len(annotations),
                    "image_id": number,
                    "category_id": category,
                    "iscrowd": 0,
                    "area": float(cv2.contourArea(corners.astype(np.float32))),
                    "bbox": [float(side) for side in (left, top, right - left, bottom - top)],
                    "segmentation": [corners.ravel().astype(float).tolist()],
                }
            )
    categories = [{"id": number, "name": name} for number, name in CATEGORIES.items()]
    content = {"images": images, "categories": categories, "annotations": annotations}
    path = folder / "annotations.json"
    path.write_text(json.dumps(content))
    return path


def _outlines(random: np.random.Generator, width: int, height: int) -> list[tuple[int, np.ndarray]]:
    """Category and corners (n, 2) of the floor, two crates and a ball, the nearer ones last."""
    left, right = random.uniform(0.4, 0.6, 2) * height
    floor = np.array([[0, left], [width - 1, right], [width - 1, height - 1], [0, height - 1]])
    outlines = [(1, floor)]
    for _ in range(2):
        side = random.uniform(0.15, 0.3) * height
        x, y = random.uniform(0, width - side), random.uniform(0.35, 0.65) * height
        lean = random.uniform(-0.2, 0.2) * side
        top = [[x + lean, y], [x + side + lean, y]]
        outlines.append((2, np.array([*top, [x + side, y + side], [x, y + side]])))
    radius = random.uniform(0.08, 0.15) * height
    middle = np.array([random.uniform(radius, width - radius), random.uniform(0.7, 0.85) * height])
    angles = np.linspace(0, 2 * np.pi, BALL_CORNERS, endpoint=False)
    outlines.append((3, middle + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)))
    limits = (width - 1, height - 1)
    return [(category, np.clip(np.rint(corners), 0, limits)) for category, corners in outlines]


def _drawn(
    random: np.random.Generator,
    outlines: list[tuple[int, np.ndarray]],
    width: int,
    height: int,
) -> np.ndarray:
    """uint8 (height, width, 3) BGR."""
    usual = {0: (190, 195, 185), 1: (95, 100, 105), 2: (50, 110, 170), 3: (60, 50, 200)}
    picture = np.full((height, width, 3), usual[0], np.float64)
    for category, corners in outlines:
        color = np.array(usual[category]) + random.uniform(-20, 20, 3)
        cv2.fillPoly(picture, [corners.astype(np.int32)], color.tolist())
    light = np.linspace(*random.uniform(0.6, 1.2, 2), width)[None, :, None]
    noise = random.normal(0, 6, picture.shape)
    return np.clip(picture * light + noise, 0, 255).astype(np.uint8)
