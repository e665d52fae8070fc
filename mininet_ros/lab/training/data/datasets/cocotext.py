"""COCO-Text 2.0: text in the training images of MS COCO 2014."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mininet_ros.images.class_tables import SCENE_TEXT
from mininet_ros.lab.training.data.datasets.labelled_images import DatasetError, LabelledImages
from mininet_ros.lab.training.data.datasets.scene_text import TextRegion, draw_regions

SPLITS = ("train", "val")
ANNOTATIONS = "cocotext.v2.json"
IMAGES = "train2014"
PIXEL_CENTRE = 0.5
LICENCE = "CC BY 4.0 (annotations); the images under Flickr's terms of use"
EXPECTED_TREE = f"""\
DIR/
  {ANNOTATIONS}                          annotations of COCO-Text 2.0
  {IMAGES}/COCO_train2014_<id>.jpg       training images of MS COCO 2014"""


@dataclass(frozen=True)
class ImageText:
    """Text labels of one image; ``path`` is the file with the annotations of all images."""

    path: Path
    width: int
    height: int
    regions: tuple[TextRegion, ...]

    def read(self, width: int, height: int) -> np.ndarray:
        """See :meth:`Labels.read`; the annotations state the size."""
        return draw_regions(self.regions, self.width, self.height)


def open_cocotext(root: Path, split: str) -> LabelledImages:
    """Open one split of COCO-Text: its images with machine printed, legible text (Sec. VII-B).

    That text is class 1. All other annotated text (illegible, handwritten) is ignored, because it
    is not background either. The annotations of ``test`` are not public.

    Raises:
        DatasetError: there is no such split, the files under ``root`` have another layout, or the
            annotations are not those of COCO-Text.
    """
    if split not in SPLITS:
        raise DatasetError(
            f"COCO-Text has no split {split!r} with labels: choose one of {', '.join(SPLITS)}"
        )
    path = root / ANNOTATIONS
    for needed in (path, root / IMAGES):
        if not needed.exists():
            raise DatasetError(f"{needed} does not exist; expected tree:\n{EXPECTED_TREE}")
    try:
        annotations = json.loads(path.read_text(encoding="utf-8"))
        pairs = _pairs(annotations, root, split)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path} is not COCO-Text's file of annotations: {error!r}") from error
    if not pairs:
        raise DatasetError(f"{path} has no image of split {split} with legible, printed text")
    for image, _ in pairs:
        if not image.is_file():
            raise DatasetError(f"{image} does not exist, but {path} lists it")
    return LabelledImages("cocotext", split, LICENCE, SCENE_TEXT, pairs)


def _pairs(
    annotations: dict[str, Any], root: Path, split: str
) -> tuple[tuple[Path, ImageText], ...]:
    """Find the images of the split that show class 1 text, in the order of their ids."""
    regions: dict[int, list[TextRegion]] = {}
    for annotation in annotations["anns"].values():
        regions.setdefault(int(annotation["image_id"]), []).append(_region(annotation))
    pairs = []
    for image in sorted(annotations["imgs"].values(), key=lambda image: image["id"]):
        found = regions.get(image["id"], [])
        if image["set"] == split and any(region.is_text for region in found):
            text = ImageText(
                root / ANNOTATIONS, int(image["width"]), int(image["height"]), tuple(found)
            )
            pairs.append((root / IMAGES / image["file_name"], text))
    return tuple(pairs)


def _region(annotation: dict[str, Any]) -> TextRegion:
    """Return the outline of a word: its polygon, or its box if it has no polygon."""
    corners = np.array(annotation.get("mask") or (), float).reshape(-1, 2)
    if len(corners) < 3:
        x, y, width, height = (float(value) for value in annotation["bbox"])
        corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    is_text = (annotation["legibility"], annotation["class"]) == ("legible", "machine printed")
    # COCO counts from the corner of the first pixel, not from its centre.
    return TextRegion(corners - PIXEL_CENTRE, is_text)
