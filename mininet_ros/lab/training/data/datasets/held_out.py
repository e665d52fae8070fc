"""Test images that no training may use, wherever they are found.

Collections of street or text images often contain parts of each other. Test images cannot measure
a network that has learned from them. They are therefore refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mininet_ros.lab.training.data.datasets.labelled_images import DatasetError

# CamVid's test split in the layout of the SegNet tutorial: the drive Seq05VD and the second half
# of 0001TP; the first half is in train.
CAMVID_TEST = re.compile(r"(?:Seq05VD_f\d+|0001TP_(\d+))", re.IGNORECASE)
CAMVID_TEST_FIRST = 8550
ICDAR_NAME = re.compile(r"(?:ts_|tr_)?img_\d+", re.IGNORECASE)
TEST_FOLDER = re.compile(r"(?:^|[_\W])test(?:ing)?(?:$|[_\W])", re.IGNORECASE)
FOLDERS = 2  # number of parent folders that are checked, as in test/images


def refuse_held_out(paths: Iterable[Path]) -> None:
    """Make sure that no image to learn from belongs to a test split.

    CamVid's test frames are refused by their file names, in any folder. Images with file names of
    ICDAR 2015 are refused in a folder called ``test`` or directly below one.

    Args:
        paths: image files.

    Raises:
        DatasetError: an image belongs to a test split; the message names it.
    """
    for path in paths:
        split = held_out_split(path)
        if split:
            raise DatasetError(
                f"{path} is an image of {split}, which is for measuring alone: take it out of "
                f"the images to learn from"
            )


def held_out_split(path: Path) -> str | None:
    """Return the test split that an image file belongs to by its name; None for others."""
    match = CAMVID_TEST.match(path.stem)
    if match and (match[1] is None or int(match[1]) >= CAMVID_TEST_FIRST):
        return "CamVid's test split"
    if ICDAR_NAME.fullmatch(path.stem):
        in_test = any(TEST_FOLDER.search(part) for part in path.parts[:-1][-FOLDERS:])
        if in_test or path.stem.lower().startswith("ts_"):
            return "ICDAR 2015's test split"
    return None
