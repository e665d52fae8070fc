"""LabelMe: a JSON file of polygons beside each picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.images.encodings import ImageError
from mininet_ros.lab.labels.source import (
    LabelledPicture,
    LabelsError,
    Rest,
    paint_polygons,
    read_picture,
)
from mininet_ros.sequences.files import natural_order
from mininet_ros.sequences.sequence import Problems

VOID_LABELS = ("_ignore_", "__ignore__")
CIRCLE_CORNERS = 72


class LabelMeLabels:
    """LabelMe's JSON files.

    Polygons, rectangles and circles are drawn in their order, as LabelMe shows them; points and
    lines have no area and are left out. Shapes named ``__ignore__`` are void.

    Args:
        source: folder of JSON files with their pictures.
        rest: what becomes of the pixels that no shape covers.

    Raises:
        LabelsError: no file, or one is no LabelMe file.
    """

    def __init__(self, source: Path, rest: Rest) -> None:
        self._rest = rest
        self.problems = Problems()
        self._files = sorted(source.rglob("*.json"), key=natural_order) if source.is_dir() else []
        if not self._files:
            raise LabelsError(f"{source} holds no JSON files of LabelMe")
        names: dict[str, None] = {}
        for file in self._files:
            for shape in _read(file)["shapes"]:
                if shape["label"] not in VOID_LABELS:
                    names[shape["label"]] = None
        self.classes = rest.table(sorted(names))

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[LabelledPicture]:
        """See :class:`~mininet_ros.lab.labels.source.LabelSource`."""
        self.problems.clear()
        for file in self._files:
            content = _read(file)
            # Written on Windows, the path has backslashes.
            image = file.parent / content["imagePath"].replace("\\", "/")
            if not image.is_file():
                self.problems.add(f"picture {image} of {file} is missing")
                continue
            try:
                height, width = read_picture(image).shape[:2]
            except ImageError as error:
                self.problems.add(f"picture {image} cannot be used: {error}")
                continue
            canvas = self._rest.canvas(self.classes, width, height)
            polygons = []
            for shape in content["shapes"]:
                corners = _outline(shape)
                if corners is not None:
                    is_void = shape["label"] in VOID_LABELS
                    number = IGNORE_LABEL if is_void else self.classes.names.index(shape["label"])
                    polygons.append((number, corners))
            paint_polygons(canvas, polygons, area_order=False)
            yield LabelledPicture(image, canvas)


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        for shape in content["shapes"]:
            shape["corners"] = np.array(shape["points"], float).reshape(-1, 2)
            shape["label"] = str(shape["label"])
        content["imagePath"] = str(content["imagePath"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabelsError(f"{file} is no file of LabelMe: {error!r}") from error
    return content


def _outline(shape: dict[str, Any]) -> np.ndarray | None:
    """Corners (n, 2) of a shape with an area, pixels; None for points and lines."""
    points = shape["corners"]
    kind = shape.get("shape_type", "polygon")
    if kind == "polygon" and len(points) >= 3:
        return points
    if kind == "rectangle" and len(points) == 2:
        (left, top), (right, bottom) = points
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if kind == "circle" and len(points) == 2:
        radius = float(np.hypot(*(points[1] - points[0])))
        angles = np.linspace(0, 2 * np.pi, CIRCLE_CORNERS, endpoint=False)
        return points[0] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return None
