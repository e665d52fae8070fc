"""A teacher's probabilities for every image of a dataset, computed once and kept in one file."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from tqdm import tqdm

from mininet_ros.lab.training.data.datasets import Dataset
from mininet_ros.lab.training.distillation.maps import resized_map
from mininet_ros.lab.training.distillation.teacher import Teacher
from mininet_ros.lab.training.run_folder import write_atomically

LONGEST_SIDE = 384  # pixels of a soft label; a network's output at that of its input halved
FULL = 255


class SoftLabelsError(ValueError):
    """A file of soft labels cannot be used; one sentence says why."""


class SoftLabels:
    """What a teacher says of each image: uint8 (h, w, classes), square roots of probabilities.

    The root keeps small probabilities apart in eight bits. Each map covers its whole image at half
    the image's size, or less where that is longer than :data:`LONGEST_SIDE`.

    Attributes:
        maps: one for each image of the dataset, in order.
        teacher, images: SHA-256 of what they were made from.
    """

    def __init__(self, maps: list[np.ndarray], teacher: str, images: str) -> None:
        self.maps, self.teacher, self.images = maps, teacher, images

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            TrainingError: it cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {f"{index:06d}": one for index, one in enumerate(self.maps)}
        said = {"teacher": self.teacher, "images": self.images}
        write_atomically(path, save(tensors, said))


def soft_labels_of(dataset: Dataset, teacher: Teacher, path: Path) -> SoftLabels:
    """Soft labels of a dataset, read from ``path``, or computed and written there.

    Raises:
        SoftLabelsError: the file there is of another teacher, of other images, or damaged.
        DatasetError: an image is not what it must be.
        TrainingError: the file cannot be written.
    """
    images = images_sha256(dataset)
    if path.exists():
        return read_soft_labels(path, teacher, images)
    title = f"asking {teacher.name}"
    maps = [
        quantise(teacher.probabilities(dataset[index].image), dataset[index].image.shape[:2])
        for index in tqdm(range(len(dataset)), title, leave=False, disable=None)
    ]
    soft = SoftLabels(maps, teacher.sha256, images)
    soft.write(path)
    return soft


def read_soft_labels(path: Path, teacher: Teacher, images: str) -> SoftLabels:
    """Read what :meth:`SoftLabels.write` wrote, and make sure that it is of this teacher.

    Args:
        images: SHA-256 of the dataset's images, see :func:`images_sha256`.

    Raises:
        SoftLabelsError: see :func:`soft_labels_of`.
    """
    try:
        with safe_open(path, framework="np") as file:
            said = file.metadata() or {}
            maps = [file.get_tensor(name) for name in sorted(file.keys())]
        soft = SoftLabels(maps, said["teacher"], said["images"])
    except (SafetensorError, OSError, KeyError) as error:
        raise SoftLabelsError(
            f"{path} is no file of soft labels, or damaged: delete it to have them made again"
        ) from error
    if soft.teacher != teacher.sha256:
        raise SoftLabelsError(
            f"{path} holds soft labels of another teacher than {teacher.name}: choose another "
            f"file, or delete it to have them made again"
        )
    if soft.images != images:
        raise SoftLabelsError(
            f"{path} holds soft labels of other images than those to learn from: choose another "
            f"file, or delete it to have them made again"
        )
    return soft


def images_sha256(dataset: Dataset) -> str:
    """SHA-256 over all pixels of a dataset's images, in order.

    Raises:
        DatasetError: an image is not what it must be.
    """
    digest = hashlib.sha256()
    for index in tqdm(range(len(dataset)), "checking images", leave=False, disable=None):
        image = dataset[index].image
        digest.update(struct.pack("<2q", *image.shape[:2]))
        digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def quantise(probabilities: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A soft label uint8 (h, w, classes) from probabilities float32 (h', w', classes).

    Args:
        size: height and width of the image in pixels.
    """
    shrink = max(2.0, max(size) / LONGEST_SIDE)
    height, width = (max(1, round(side / shrink)) for side in size)
    fitted = resized_map(probabilities, width, height)
    return np.rint(FULL * np.sqrt(np.clip(fitted, 0, 1))).astype(np.uint8)
