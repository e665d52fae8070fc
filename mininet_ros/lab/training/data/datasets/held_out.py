"""Images that are for measuring alone: nothing may learn from them, wherever they turn up.

Collections of street or text images that others put together often contain parts of each other.
What a network has learned from it is no longer measured by, so they are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mininet_ros.lab.training.data.datasets.labelled_images import DatasetError

# CamVid's test split in the layout of the SegNet tutorial: the drive Seq05VD, and the second half
# of 0001TP, whose first half is train's.
CAMVID_TEST = re.compile(r"(?:Seq05VD_f\d+|0001TP_(\d+))", re.IGNORECASE)
CAMVID_TEST_FIRST = 8550
ICDAR_NAME = re.compile(r"(?:ts_|tr_)?img_\d+", re.IGNORECASE)
TEST_FOLDER = re.compile(r"(?:^|[_\W])test(?:ing)?(?:$|[_\W])", re.IGNORECASE)
FOLDERS = 2  # around a picture that may be called so, such as test/images; others are the user's


def refuse_held_out(paths: Iterable[Path]) -> None:
    """Make sure that no image to learn from belongs to a test split.

    Refused are CamVid's test frames by their names, whatever folder holds them, and pictures named
    as those of ICDAR 2015 in a folder that is called test, or in one of its folders.

    Args:
        paths: files of the images.

    Raises:
        DatasetError: one does; it is named.
    """
    for path in paths:
        split = held_out_split(path)
        if split:
            raise DatasetError(
                f"{path} is an image of {split}, which is for measuring alone: take it out of "
                f"the images to learn from"
            )


def held_out_split(path: Path) -> str | None:
    """The test split that an image file's name belongs to; None for all others."""
    match = CAMVID_TEST.match(path.stem)
    if match and (match[1] is None or int(match[1]) >= CAMVID_TEST_FIRST):
        return "CamVid's test split"
    if ICDAR_NAME.fullmatch(path.stem):
        in_test = any(TEST_FOLDER.search(part) for part in path.parts[:-1][-FOLDERS:])
        if in_test or path.stem.lower().startswith("ts_"):
            return "ICDAR 2015's test split"
    return None
