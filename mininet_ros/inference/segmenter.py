"""One image in, one label mask out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mininet_ros.images.class_groups import ClassGroups
from mininet_ros.models import Model


@dataclass(frozen=True)
class Segmentation:
    """The labels of an image.

    Attributes:
        mask: uint8 (H, W), class ids in the order of the model's classes.
        confidence: uint8 (H, W), softmax of the winning class scaled to 0-255; None where it was
            not asked for.
    """

    mask: np.ndarray
    confidence: np.ndarray | None

    def resized(self, width: int, height: int) -> Segmentation:
        """Resize to another size: labels by nearest neighbour, confidence linearly."""
        if self.mask.shape == (height, width):
            return self
        size = (width, height)
        confidence = self.confidence
        if confidence is not None:
            confidence = cv2.resize(confidence, size, interpolation=cv2.INTER_LINEAR)
        mask = cv2.resize(self.mask, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return Segmentation(mask, confidence)


class BackendError(RuntimeError):
    """The backend asked for is not to be had here; one sentence says why and what to do."""


class Segmenter(ABC):
    """A model ready to run.

    Attributes:
        model: the model that runs; its classes are those of the masks.
        backend: ``cpu`` or ``gpu``, as asked for by users.
        runtime: the library that executes it, ``onnxruntime`` or ``pytorch``.
        providers: ONNX Runtime's execution providers in use, the preferred one first.
        device: name of the device in use.
        precision: precision of the arithmetic, ``float32`` or ``int8`` on the CPU.
        precision_reason: why this precision was chosen; empty where the caller named it.
    """

    backend: str
    runtime: str
    device: str
    providers: tuple[str, ...] = ()
    precision: str = "float32"
    precision_reason: str = ""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._groups: ClassGroups | None = None

    def merge_classes(self, groups: ClassGroups) -> None:
        """Give masks of merged classes from now on; ``model`` tells their names and colours."""
        self._groups = groups
        self.model = replace(self.model, classes=groups.names, colors=groups.colors)

    def segment(self, image: np.ndarray, with_confidence: bool = True) -> Segmentation:
        """Label an image of any size.

        Args:
            image: uint8 (H, W, 3), BGR.
            with_confidence: compute the confidence, too, which takes more time.

        Returns:
            Mask and confidence at the image's own size, (H, W).

        Raises:
            ValueError: the array is not an image as above.
        """
        height, width = image.shape[:2]
        return self.infer(image, with_confidence).resized(width, height)

    def infer(self, image: np.ndarray, with_confidence: bool = True) -> Segmentation:
        """Label an image of any size at the network's size: ``(model.height, model.width)``.

        Args:
            image, with_confidence: as for :meth:`segment`.

        Raises:
            ValueError: the array is not an image as above.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ValueError(
                f"an image must be uint8 (H, W, 3) in BGR, not {image.dtype} {image.shape}"
            )
        fitted = fit_input(image, self.model.width, self.model.height)
        found = self._run(fitted) if with_confidence else Segmentation(self._mask(fitted), None)
        if self._groups is None:
            return found
        return Segmentation(self._groups.merge(found.mask), found.confidence)

    @abstractmethod
    def _run(self, image: np.ndarray) -> Segmentation:
        """Label ``image``, C-contiguous and of exactly the network's size."""

    def _mask(self, image: np.ndarray) -> np.ndarray:
        """Only the labels of such an image."""
        return self._run(image).mask


def fit_input(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """``image`` at the network's size, contiguous: averaged where it shrinks, else linear."""
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    shrinks = image.shape[1] >= width and image.shape[0] >= height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=interpolation)
