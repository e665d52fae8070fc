"""LabelMe: a JSON file of polygons beside each picture."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.images.encodings import ImageError
from mininet_ros.lab.labels.source import (
    LabelledPicture,
    LabelsError,
    Rest,
    paint_polygon,
    read_picture,
)
from mininet_ros.sequences.files import natural_order
from mininet_ros.sequences.sequence import Problems

VOID_LABELS = ("_ignore_", "__ignore__")
CIRCLE_CORNERS = 72
THIN = ("point", "points", "line", "linestrip")  # shapes without an area


class LabelMeLabels:
    """LabelMe's JSON files.

    Polygons, rectangles, circles and masks are drawn in their order, as LabelMe shows them; points
    and lines have no area and are left out. Shapes named ``__ignore__`` are void.

    Args:
        source: folder of JSON files with their pictures, which may also lie inside the JSON files.
        rest: what becomes of the pixels that no shape covers.

    Raises:
        LabelsError: no file is one of LabelMe.
    """

    def __init__(self, source: Path, rest: Rest) -> None:
        self._rest = rest
        self.problems = Problems()
        self._files: list[Path] = []
        self._others: list[str] = []
        names = set()
        files = sorted(source.rglob("*.json"), key=natural_order) if source.is_dir() else []
        for file in files:
            try:
                shapes = _read(file)["shapes"]
            except LabelsError as error:
                self._others.append(str(error))
                continue
            self._files.append(file)
            names |= {shape["label"] for shape in shapes if shape["shape_type"] not in THIN}
        if not self._files:
            said = f": {self._others[0]}" if self._others else ""
            raise LabelsError(f"{source} holds no JSON files of LabelMe{said}")
        self.classes = rest.table(sorted(names - set(VOID_LABELS)))

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[LabelledPicture]:
        """See :class:`~mininet_ros.lab.labels.source.LabelSource`."""
        self.problems.clear()
        for sentence in self._others:
            self.problems.add(sentence)
        for file in self._files:
            content = _read(file)
            # Written on Windows, the path has backslashes.
            image = file.parent / content["imagePath"].replace("\\", "/")
            embedded = None if image.is_file() else _embedded_picture(content)
            if not image.is_file() and embedded is None:
                self.problems.add(f"picture {image} of {file} is missing")
                continue
            try:
                height, width = read_picture(image, embedded).shape[:2]
            except ImageError as error:
                self.problems.add(f"picture {image} cannot be used: {error}")
                continue
            canvas = self._rest.canvas(self.classes, width, height)
            try:
                for shape in content["shapes"]:
                    if shape["shape_type"] not in THIN:
                        _paint(canvas, shape, self._number(shape["label"]))
            except LabelsError as error:
                self.problems.add(f"{file} cannot be used: {error}")
                continue
            yield LabelledPicture(image, canvas, embedded)

    def _number(self, label: str) -> int:
        return IGNORE_LABEL if label in VOID_LABELS else self.classes.names.index(label)


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        for shape in content["shapes"]:
            shape["corners"] = np.array(shape["points"], float).reshape(-1, 2)
            shape["label"] = str(shape["label"])
            shape["shape_type"] = shape.get("shape_type") or "polygon"
        content["imagePath"] = str(content["imagePath"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabelsError(f"{file} is no file of LabelMe: {error!r}") from error
    return content


def _embedded_picture(content: dict[str, Any]) -> bytes | None:
    """Encoded picture that a file of LabelMe holds; empty if it is damaged, None without one."""
    data = content.get("imageData")
    try:
        return base64.b64decode(data) if data else None
    except (binascii.Error, TypeError):
        return b""


def _paint(canvas: np.ndarray, shape: dict[str, Any], number: int) -> None:
    """Draw a shape that has an area.

    Raises:
        LabelsError: the shape is of another type, or malformed.
    """
    kind, points = shape["shape_type"], shape["corners"]
    if kind == "mask":
        _paint_mask(canvas, shape, number)
    elif kind in ("polygon", "rectangle", "oriented_rectangle") and len(points) >= 3:
        paint_polygon(canvas, number, points)
    elif kind == "rectangle" and len(points) == 2:
        (left, top), (right, bottom) = points
        outline = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        paint_polygon(canvas, number, outline)
    elif kind == "circle" and len(points) == 2:
        radius = float(np.hypot(*(points[1] - points[0])))
        angles = np.linspace(0, 2 * np.pi, CIRCLE_CORNERS, endpoint=False)
        outline = points[0] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        paint_polygon(canvas, number, outline)
    else:
        raise LabelsError(f"it holds a {kind} of {len(points)} points, which is not known here")


def _paint_mask(canvas: np.ndarray, shape: dict[str, Any], number: int) -> None:
    """Draw a mask: a PNG in base64, whose first pixel lies at the first point."""
    try:
        data = np.frombuffer(base64.b64decode(shape["mask"]), np.uint8)
        mask = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        left, top = np.rint(shape["corners"][0]).astype(int)
    except (cv2.error, binascii.Error, KeyError, TypeError, IndexError) as error:
        raise LabelsError(f"it holds a mask that cannot be read: {error!r}") from error
    if mask is None or left < 0 or top < 0:
        raise LabelsError("it holds a mask that cannot be read")
    window = canvas[top : top + mask.shape[0], left : left + mask.shape[1]]
    window[mask[: window.shape[0], : window.shape[1]] > 0] = number
