"""Objects as polygons or masks: COCO and YOLO, read by the library supervision."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from mininet_ros.images.encodings import ImageError
from mininet_ros.lab.labels.source import LabelledPicture, LabelsError, Rest, read_picture
from mininet_ros.sequences.files import image_files
from mininet_ros.sequences.sequence import Problems

CHUNK = 32  # pictures that are read at once: their objects' masks are in memory together


class CocoLabels:
    """COCO: one JSON file with polygons or run-length masks.

    Args:
        source: the JSON file, or a folder that holds one, with the pictures beside it, in a folder
            ``images``, or in the folder above.
        rest: what becomes of the pixels that no object covers.

    Raises:
        LabelsError: the file is missing, or is no COCO file with segmentations.
    """

    def __init__(self, source: Path, rest: Rest) -> None:
        self._file = _only_json(source)
        self._rest = rest
        self.problems = Problems()
        try:
            content = json.loads(self._file.read_text(encoding="utf-8-sig"))
            self._images: list[dict[str, Any]] = list(content["images"])
            self._categories: list[dict[str, Any]] = list(content["categories"])
            annotations: list[dict[str, Any]] = list(content["annotations"])
            self._names = [str(category["name"]) for category in self._categories]
            self._objects: dict[Any, list[dict[str, Any]]] = {}
            for annotation in annotations:
                self._objects.setdefault(annotation["image_id"], []).append(annotation)
            listed = [(image["id"], str(image["file_name"])) for image in self._images]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LabelsError(f"{self._file} is no COCO file of objects: {error!r}") from error
        if not listed:
            raise LabelsError(f"{self._file} lists no pictures")
        if not any(annotation.get("segmentation") for annotation in annotations):
            raise LabelsError(
                f"{self._file} has boxes without segmentation: draw polygons or masks to learn from"
            )
        self.classes = rest.table(self._names)

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[LabelledPicture]:
        """See :class:`~mininet_ros.lab.labels.source.LabelSource`."""
        self.problems.clear()
        for first in range(0, len(self._images), CHUNK):
            yield from self._read(self._images[first : first + CHUNK])

    def _read(self, images: Sequence[dict[str, Any]]) -> Iterator[LabelledPicture]:
        for image in images:
            path = _find(self._file.parent, str(image["file_name"]))
            if path is None:
                self.problems.add(f"picture {image['file_name']} of {self._file} is missing")
                continue
            size = _size_of(path, self.problems)
            if size is None:
                continue
            if (image.get("width"), image.get("height")) not in ((None, None), size):
                self.problems.add(
                    f"picture {path} has {size[0]}x{size[1]} pixels, but {self._file} says "
                    f"{image.get('width')}x{image.get('height')}"
                )
                continue
            yield self._painted(path, size, self._objects.get(image["id"], []))

    def _painted(
        self, path: Path, size: tuple[int, int], objects: list[dict[str, Any]]
    ) -> LabelledPicture:
        width, height = size
        content = {
            "images": [{"id": 0, "file_name": path.name, "width": width, "height": height}],
            "categories": self._categories,
            "annotations": [
                {"iscrowd": 0, "area": 0, **found, "image_id": 0, "id": number}
                for number, found in enumerate(objects)
                if found.get("segmentation")
            ],
        }
        canvas = self._rest.canvas(self.classes, width, height)
        if content["annotations"]:
            with TemporaryDirectory() as folder:
                file = Path(folder) / "objects.json"
                file.write_text(json.dumps(content), encoding="utf-8")
                self._paint(canvas, path, file)
        return LabelledPicture(path, canvas)

    def _paint(self, canvas: np.ndarray, path: Path, file: Path) -> None:
        from supervision import DetectionDataset

        try:
            read = DetectionDataset.from_coco(str(path.parent), str(file), force_masks=True)
            (detections,) = read.annotations.values()
        # What the library raises for malformed polygons and masks is not documented.
        except Exception as error:  # noqa: BLE001
            self.problems.add(f"the objects of picture {path} cannot be read: {error!r}")
            return
        _paint_masks(canvas, detections, read.classes, self.classes.names)


class YoloLabels:
    """YOLO segmentation: a text file of polygons for each picture.

    Args:
        source: folder with ``data.yaml``, and pictures in folders named ``images`` with their
            labels in folders ``labels`` beside or below them.
        rest: what becomes of the pixels that no object covers.

    Raises:
        LabelsError: there is no ``data.yaml`` with names, or no picture.
    """

    def __init__(self, source: Path, rest: Rest) -> None:
        self._rest = rest
        self.problems = Problems()
        found = sorted(source.glob("*.yaml")) if source.is_dir() else []
        if not found:
            raise LabelsError(
                f"{source} holds no data.yaml, which names the classes of YOLO labels"
            )
        self._yaml = found[0]
        try:
            names = yaml.safe_load(self._yaml.read_text(encoding="utf-8"))["names"]
            listed = [names[key] for key in sorted(names)] if isinstance(names, dict) else names
            self._names = [str(name) for name in listed]
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise LabelsError(f"{self._yaml} does not name the classes: {error!r}") from error
        self._pictures = sorted(
            path
            for folder in source.rglob("images")
            for below in (folder, *(p for p in folder.rglob("*") if p.is_dir()))
            for path in image_files(below)
        )
        if not self._pictures:
            raise LabelsError(f"{source} holds no pictures in a folder images")
        self.classes = rest.table(self._names)

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[LabelledPicture]:
        """See :class:`~mininet_ros.lab.labels.source.LabelSource`."""
        self.problems.clear()
        for path in self._pictures:
            size = _size_of(path, self.problems)
            if size is not None:
                canvas = self._rest.canvas(self.classes, *size)
                if self._paint(canvas, path):
                    yield LabelledPicture(path, canvas)

    def _paint(self, canvas: np.ndarray, path: Path) -> bool:
        from supervision import DetectionDataset

        # The last folder named images, as the tools themselves do it.
        parts = list(path.with_suffix(".txt").parts)
        parts[len(parts) - 1 - parts[::-1].index("images")] = "labels"
        labels = Path(*parts)
        if not labels.is_file() or not labels.read_text(encoding="utf-8").strip():
            return True  # a picture without objects
        with TemporaryDirectory() as folder:
            (Path(folder) / path.name).symlink_to(path.absolute())
            try:
                read = DetectionDataset.from_yolo(
                    folder, str(labels.parent), str(self._yaml), force_masks=True
                )
                (detections,) = read.annotations.values()
            # What the library raises for malformed lines is not documented.
            except Exception as error:  # noqa: BLE001
                self.problems.add(f"labels {labels} cannot be read: {error!r}")
                return False
        _paint_masks(canvas, detections, self._names, self.classes.names)
        return True


def _paint_masks(
    canvas: np.ndarray, detections: Any, names: Sequence[str], classes: Sequence[str]
) -> None:
    """Draw the masks of supervision's ``Detections``, the larger ones first."""
    if detections.mask is None:
        return
    masks = [np.asarray(mask, bool) for mask in detections.mask]
    for index in sorted(range(len(masks)), key=lambda number: -int(masks[number].sum())):
        canvas[masks[index]] = classes.index(names[int(detections.class_id[index])])


def _size_of(path: Path, problems: Problems) -> tuple[int, int] | None:
    try:
        height, width = read_picture(path).shape[:2]
    except ImageError as error:
        problems.add(f"picture {path} cannot be used: {error}")
        return None
    return width, height


def _only_json(source: Path) -> Path:
    if source.is_file():
        return source
    found = sorted(source.rglob("*.json")) if source.is_dir() else []
    if len(found) != 1:
        said = "no JSON file" if not found else f"{len(found)} JSON files: name one of them"
        raise LabelsError(f"{source} holds {said}")
    return found[0]


def _find(folder: Path, name: str) -> Path | None:
    places = (folder, folder / "images", folder.parent, folder.parent / "images")
    return next((place / name for place in places if (place / name).is_file()), None)
