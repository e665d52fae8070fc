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

POLYGON_VALUES = 7  # a class and three corners: shorter lines of YOLO are boxes


class CocoLabels:
    """COCO: one JSON file with polygons or run-length masks.

    Args:
        source: the JSON file, or a folder that holds one, with the pictures beside it or in the
            folder above, in a folder ``images``, or in one that the JSON file is named after
            (``train2017`` for ``instances_train2017.json``).
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
            self._numbers = {category["id"] for category in self._categories}
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
        folders = _picture_folders(self._file)
        for image in self._images:
            path = _find(folders, str(image["file_name"]))
            if path is None:
                name, places = image["file_name"], ", ".join(map(str, folders))
                self.problems.add(f"picture {name} of {self._file} is missing in {places}")
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
            objects = self._objects.get(image["id"], [])
            if not all(found.get("segmentation") for found in objects):
                self.problems.add(f"picture {path} has an object without an outline, only a box")
                continue
            strangers = {found.get("category_id") for found in objects} - self._numbers
            if strangers:
                self.problems.add(
                    f"picture {path} has an object of category {strangers.pop()}, which is not "
                    f"among the categories of {self._file}"
                )
                continue
            canvas = self._rest.canvas(self.classes, *size)
            if not objects or self._paint(canvas, path, objects):
                yield LabelledPicture(path, canvas)

    def _paint(self, canvas: np.ndarray, path: Path, objects: list[dict[str, Any]]) -> bool:
        from supervision import DetectionDataset

        height, width = canvas.shape
        content = {
            "images": [{"id": 0, "file_name": path.name, "width": width, "height": height}],
            "categories": self._categories,
            "annotations": [
                # Boxes are not used: some tools leave them out, or write sides below 0.
                {"iscrowd": 0, "area": 0, **found, "image_id": 0, "id": n, "bbox": [0, 0, 0, 0]}
                for n, found in enumerate(objects)
            ],
        }
        with TemporaryDirectory() as folder:
            file = Path(folder) / "objects.json"
            file.write_text(json.dumps(content), encoding="utf-8")
            try:
                read = DetectionDataset.from_coco(str(path.parent), str(file), force_masks=True)
                (detections,) = read.annotations.values()
            # What the library raises for malformed polygons and masks is not documented.
            except Exception as error:  # noqa: BLE001
                self.problems.add(f"the objects of picture {path} cannot be read: {error!r}")
                return False
        _paint_masks(canvas, detections, read.classes, self.classes.names)
        return True


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
        lines = labels.read_text(encoding="utf-8").splitlines() if labels.is_file() else []
        lines = [line for line in lines if line.strip()]
        if not lines:
            return True  # a picture without objects
        if any(len(line.split()) < POLYGON_VALUES for line in lines):
            self.problems.add(f"labels {labels} hold an object without an outline, only a box")
            return False
        with TemporaryDirectory() as folder:
            (Path(folder) / path.name).symlink_to(path.absolute())
            try:
                read = DetectionDataset.from_yolo(
                    folder, str(labels.parent), str(self._yaml), force_masks=True
                )
                (detections,) = read.annotations.values()
            # What the library raises for malformed lines is not documented.
            except Exception as error:  # noqa: BLE001
                said = str(error).replace(folder, str(path.parent))
                self.problems.add(f"labels {labels} cannot be read: {said}")
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
    if not source.exists():
        raise LabelsError(f"{source} does not exist: give COCO's JSON file, or its folder")
    found = sorted(source.rglob("*.json"))
    if not found:
        raise LabelsError(f"{source} holds no JSON file")
    if len(found) > 1:
        names = ", ".join(str(file.relative_to(source)) for file in found[:4])
        more = ", ..." if len(found) > 4 else ""
        raise LabelsError(
            f"{source} holds {len(found)} JSON files: import one at a time, of {names}{more}"
        )
    return found[0]


def _picture_folders(file: Path) -> list[Path]:
    """Folders in which the pictures of a JSON file are looked for."""
    folders = []
    for root in (file.parent, file.parent / "images", file.parent.parent):
        named = sorted(p for p in root.glob("*") if p.is_dir() and p.name in file.stem)
        folders += [root, *named]
    return [folder for folder in [*folders, file.parent.parent / "images"] if folder.is_dir()]


def _find(folders: Sequence[Path], name: str) -> Path | None:
    # Written on Windows, the name has backslashes.
    name = name.replace("\\", "/")
    return next((path for path in (folder / name for folder in folders) if path.is_file()), None)
