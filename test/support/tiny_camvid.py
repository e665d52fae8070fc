"""A tiny dataset in CamVid's layout."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write_camvid(root: Path, width: int, height: int) -> Path:
    """Six pictures a split: sky above, road below, a car between, and some void."""
    random = np.random.default_rng(0)
    for split in ("train", "val"):
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for number in range(6):
            horizon = int(random.integers(15, 30))
            labels = np.full((height, width), 3, np.uint8)
            labels[:horizon] = 0
            labels[horizon : horizon + 10, 10:25] = 8
            labels[-4:] = 11
            shades = np.full((12, 3), 128, np.int64)
            shades[[0, 3, 8]] = [[250, 200, 150], [80, 80, 80], [20, 20, 200]]
            image = shades[labels] + random.integers(-20, 20, (height, width, 3))
            name = f"{number:04d}.png"
            cv2.imwrite(str(root / split / name), np.clip(image, 0, 255).astype(np.uint8))
            cv2.imwrite(str(root / f"{split}annot" / name), labels)
    return root
