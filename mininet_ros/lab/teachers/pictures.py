"""Cut photos to the shape that a network learns from, for ``train --unlabelled``.

    python -m mininet_ros.lab.teachers.pictures PHOTOS --output STREETS
    python -m mininet_ros.lab.teachers.pictures PHOTOS --width 1280 --height 720 --grid 2 \
        --output SIGNS

A training resizes each picture to its input size: a photo of another shape would be distorted. With
``--grid 2`` four photos are put into one picture, so that what they show becomes half as large.
"""

from __future__ import annotations

import random
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.lab.training.data.datasets.held_out import refuse_held_out
from mininet_ros.lab.training.data.datasets.labelled_images import (
    DatasetError,
    pictures_of,
    read_picture,
)
from mininet_ros.progress import progress_bar
from mininet_ros.result_files import ResultError
from mininet_ros.results import ResultFolder


def main(arguments: list[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path, nargs="+", help="folders of photos of any size")
    parser.add_argument("--width", type=int, default=640, help="of a picture, px")
    parser.add_argument("--height", type=int, default=480, help="of a picture, px")
    parser.add_argument("--windows", type=int, default=1, help="pictures from each photo")
    parser.add_argument("--grid", type=int, default=1, help="photos along a side of a picture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        if min(options.windows, options.grid, options.width, options.height) < 1:
            raise ValueError("--width, --height, --windows and --grid must be 1 or more")
        photos = [path for folder in options.photos for path in pictures_of(folder)]
        refuse_held_out(photos)
        count = len(photos) * options.windows // options.grid**2
        if not count:
            raise ValueError(f"{len(photos)} photos do not fill a picture of --grid {options.grid}")
        size = options.width, options.height
        names = [f"picture_{number:05d}.png" for number in range(count)]
        cut = pictures(photos, size, options.windows, options.grid, options.seed)
        with ResultFolder(options.output, "pictures", names, options.photos) as results:
            for name, picture in zip(names, cut, strict=True):
                cv2.imwrite(str(results.staging / name), picture)
    except (DatasetError, ResultError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def pictures(
    photos: list[Path], size: tuple[int, int], windows: int, grid: int, seed: int
) -> Iterator[np.ndarray]:
    """Cut pictures from photos at random places.

    Photos left over that do not fill a grid are left out.

    Args:
        photos: image files.
        size: width and height of the pictures, px.
        windows: number of cuts from each photo.
        grid: photos along each side of a picture.
        seed: of the random places and of the order of the photos in the grids.

    Yields:
        pictures uint8 (height, width, 3) BGR.

    Raises:
        DatasetError: a photo cannot be read.
    """
    chance = random.Random(seed)
    order = [photo for _ in range(windows) for photo in chance.sample(photos, len(photos))]
    cell = size[0] // grid, size[1] // grid
    for first in progress_bar(range(0, len(order) - grid**2 + 1, grid**2), "cutting"):
        cells = [window(read_picture(path)[0], cell, chance) for path in order[first:][: grid**2]]
        rows = [np.hstack(cells[row * grid :][:grid]) for row in range(grid)]
        yield cv2.resize(np.vstack(rows), size) if grid > 1 else rows[0]


def window(photo: np.ndarray, size: tuple[int, int], chance: random.Random) -> np.ndarray:
    """Cut the largest window of a shape at a random place, and resize it.

    Args:
        photo: uint8 (H, W, 3) BGR.
        size: width and height of the result, px.
        chance: source of the place.

    Returns:
        uint8 (height, width, 3) BGR.
    """
    height, width = photo.shape[:2]
    scale = min(width / size[0], height / size[1])
    cut_width, cut_height = round(size[0] * scale), round(size[1] * scale)
    left = chance.randint(0, width - cut_width)
    top = chance.randint(0, height - cut_height)
    cut = photo[top : top + cut_height, left : left + cut_width]
    return cv2.resize(cut, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)


if __name__ == "__main__":
    sys.exit(main())
