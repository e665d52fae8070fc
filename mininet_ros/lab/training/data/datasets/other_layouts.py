"""Recognises the format of a folder that does not have our layout."""

from __future__ import annotations

from pathlib import Path

START_BYTES = 1 << 16
JSON_FILES = 8


def importer_for(root: Path) -> str | None:
    """Return the likely format of a folder for ``mininet_ros import-labels``; None if unknown.

    Only file names and the beginnings of some JSON files are checked.
    """
    if not root.is_dir():
        return None
    if (root / "labelmap.txt").is_file():
        return "cvat"
    if (root / "SegmentationClass").is_dir():
        return "voc"
    if any(root.glob("*.yaml")) and any(root.rglob("labels/**/*.txt")):
        return "yolo"
    for path in sorted(root.rglob("*.json"))[:JSON_FILES]:
        with path.open("rb") as file:
            start = file.read(START_BYTES)
        if b'"shapes"' in start:
            return "labelme"
        if any(word in start for word in (b'"annotations"', b'"categories"', b'"images"')):
            return "coco"
    if (root / "gtFine").is_dir() or ((root / "images").is_dir() and (root / "labels").is_dir()):
        return "colors"
    return None
