"""Labels as pictures: Pascal VOC, CVAT's segmentation masks, and colour maps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable, read_class_table
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.label_pictures import LabelRules, read_label_picture
from mininet_ros.lab.labels.source import LabelledPicture, LabelsError, palette_color
from mininet_ros.sequences.files import image_files, natural_order
from mininet_ros.sequences.sequence import Problems

LABEL_MAP = "labelmap.txt"
IMAGE_FOLDERS = ("JPEGImages", "images", "leftImg8bit")
LABEL_FOLDERS = ("SegmentationClass", "labels", "masks", "gtFine", "annotations")
# How names of label pictures may go on after the picture's own.
LABEL_ENDINGS = ("", "_color", "_labels", "_mask", "_gtFine_color")
PICTURE_ENDINGS = ("_leftImg8bit",)
VOC_NAMES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair"),
    *("cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)
VOID_NAMES = ("void", "ignore", "unlabeled", "unlabelled")


class LabelPictures:
    """Label pictures beside pictures of the same names.

    Args:
        source: folder with a folder of pictures (``JPEGImages``, ``images``, ``leftImg8bit``) and
            one of label PNGs (``SegmentationClass``, ``labels``, ``masks``, ``gtFine``), by
            palette index or in colours.
        classes: yaml file of names and colours; None takes ``labelmap.txt`` of the folder, which
            CVAT writes, or else the 20 classes of Pascal VOC and its background.

    Raises:
        LabelsError: a folder is missing, or the classes cannot be read.
    """

    def __init__(self, source: Path, classes: Path | None = None) -> None:
        self.problems = Problems()
        self._images = _folder_of(source, IMAGE_FOLDERS, "pictures")
        self._labels = _folder_of(source, LABEL_FOLDERS, "label pictures")
        self.classes, self._rules = _rules(source, classes)
        self._pairs = self._paired()
        if not self._pairs:
            raise LabelsError(
                f"no label picture in {self._labels} has the name of a picture in {self._images}"
            )

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[LabelledPicture]:
        """See :class:`~mininet_ros.lab.labels.source.LabelSource`."""
        self.problems.clear()
        for image, path in self._pairs:
            try:
                yield LabelledPicture(image, read_label_picture(path, self._rules))
            except ImageError as error:
                self.problems.add(f"labels {path} cannot be used: {error}")

    def _paired(self) -> list[tuple[Path, Path]]:
        pictures = {}
        for folder in (self._images, *(p for p in self._images.rglob("*") if p.is_dir())):
            for path in image_files(folder):
                stem = path.stem
                for ending in PICTURE_ENDINGS:
                    stem = stem.removesuffix(ending)
                pictures[stem] = path
        pairs = []
        for path in sorted(self._labels.rglob("*.png"), key=natural_order):
            names = [path.stem.removesuffix(ending) for ending in LABEL_ENDINGS]
            image = next((pictures[name] for name in names[::-1] if name in pictures), None)
            if image is not None:
                pairs.append((image, path))
        return pairs


def _rules(source: Path, classes: Path | None) -> tuple[ClassTable, LabelRules]:
    if classes is not None:
        try:
            table = read_class_table(str(classes))
        except ValueError as error:
            raise LabelsError(str(error)) from error
        return table, LabelRules(tuple(range(len(table.names))), table.colors)
    label_map = source / LABEL_MAP
    if label_map.is_file():
        return _read_label_map(label_map)
    colors = tuple(palette_color(number) for number in range(len(VOC_NAMES)))
    return ClassTable(VOC_NAMES, colors), LabelRules(tuple(range(len(VOC_NAMES))), colors)


def _read_label_map(path: Path) -> tuple[ClassTable, LabelRules]:
    """Classes of CVAT's ``labelmap.txt``: a line ``name:red,green,blue:parts:actions`` each."""
    names, colors, ids = [], [], []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            name, color = line.split(":")[:2]
            red, green, blue = (int(value) for value in color.split(","))
            is_void = name.strip().lower() in VOID_NAMES
            ids.append(IGNORE_LABEL if is_void else len(names))
            if not is_void:
                names.append(name.strip())
                colors.append((red, green, blue))
        table = ClassTable(tuple(names), tuple(colors))
    except (OSError, ValueError) as error:
        raise LabelsError(f"{path} is no label map: {error}") from error
    return table, LabelRules(tuple(ids), table.colors)


def _folder_of(source: Path, names: tuple[str, ...], what: str) -> Path:
    found = next((source / name for name in names if (source / name).is_dir()), None)
    if found is None:
        raise LabelsError(f"{source} has no folder of {what}: one of {', '.join(names)}")
    return found
