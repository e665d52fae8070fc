"""Soft labels: a teacher's probabilities for all images of a dataset, stored in one file."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mininet_ros.lab.training.data.datasets import Dataset
from mininet_ros.lab.training.distillation.maps import resized_map
from mininet_ros.lab.training.distillation.teacher import Teacher
from mininet_ros.lab.training.run_folder import write_atomically
from mininet_ros.progress import progress_bar

LONGEST_SIDE = 384  # longest side of a soft label in pixels
FULL = 255


class SoftLabelsError(ValueError):
    """A file of soft labels cannot be used; the message is one sentence."""


class SoftLabels:
    """Soft labels of each image: uint8 (h, w, classes), square roots of probabilities times 255.

    The square root keeps small probabilities distinct in eight bits. Each map covers its whole
    image at half the image's size. It is smaller if its longest side would exceed
    :data:`LONGEST_SIDE`.

    Attributes:
        maps: one map for each image of the dataset, in order.
        teacher: SHA-256 of the teacher.
        images: SHA-256 of the images.
    """

    def __init__(self, maps: list[np.ndarray], teacher: str, images: str) -> None:
        self.maps, self.teacher, self.images = maps, teacher, images

    def write(self, path: Path) -> None:
        """Write the file atomically.

        Raises:
            TrainingError: the file cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {f"{index:06d}": one for index, one in enumerate(self.maps)}
        said = {"teacher": self.teacher, "images": self.images}
        write_atomically(path, save(tensors, said))


def soft_labels_of(dataset: Dataset, teacher: Teacher, path: Path) -> SoftLabels:
    """Read the soft labels of a dataset from ``path``, or compute and write them there.

    Raises:
        SoftLabelsError: the file belongs to another teacher or other images, or is damaged.
        DatasetError: an image cannot be used.
        TrainingError: the file cannot be written.
    """
    images = images_sha256(dataset)
    if path.exists():
        return read_soft_labels(path, teacher, images)
    title = f"asking {teacher.name}"
    maps = [
        quantise(teacher.probabilities(dataset[index].image), dataset[index].image.shape[:2])
        for index in progress_bar(range(len(dataset)), title, leave=False)
    ]
    soft = SoftLabels(maps, teacher.sha256, images)
    soft.write(path)
    return soft


def read_soft_labels(path: Path, teacher: Teacher, images: str) -> SoftLabels:
    """Read a file of :meth:`SoftLabels.write`, and check that it belongs to this teacher.

    Args:
        path: file to read.
        teacher: teacher that the soft labels must come from.
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
            f"{path} is not a file of soft labels (choose another name), or it is damaged: delete "
            f"it to have them made again"
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
    """Return the SHA-256 over all pixels of a dataset's images, in order.

    Raises:
        DatasetError: an image cannot be used.
    """
    digest = hashlib.sha256()
    for index in progress_bar(range(len(dataset)), "checking images", leave=False):
        image = dataset[index].image
        digest.update(struct.pack("<2q", *image.shape[:2]))
        digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def quantise(probabilities: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Convert probabilities float32 (h', w', classes) to a soft label uint8 (h, w, classes).

    Args:
        probabilities: probabilities of the classes, 0 to 1.
        size: height and width of the image in pixels.
    """
    shrink = max(2.0, max(size) / LONGEST_SIDE)
    height, width = (max(1, round(side / shrink)) for side in size)
    fitted = resized_map(probabilities, width, height)
    return np.rint(FULL * np.sqrt(np.clip(fitted, 0, 1))).astype(np.uint8)
