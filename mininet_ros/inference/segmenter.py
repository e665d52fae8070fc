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
    """Labels of an image.

    Attributes:
        mask: uint8 (H, W), class ids in the order of the model's classes.
        confidence: uint8 (H, W), softmax of the winning class scaled to 0 to 255; None if it was
            not requested.
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
    """The requested backend is not available here. The message is one sentence with advice."""


class Segmenter(ABC):
    """A model ready to run.

    Attributes:
        model: model that runs; its classes are those of the masks.
        backend: backend that users select, ``cpu`` or ``gpu``.
        runtime: library that runs the model, ``onnxruntime`` or ``pytorch``.
        providers: ONNX Runtime's execution providers in use, the preferred one first.
        device: name of the device in use.
        precision: precision of the arithmetic, ``float32`` or ``int8`` on the CPU.
        precision_reason: reason for this precision; empty where the caller named it.
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
        """Merge classes in masks from now on; ``model`` has their names and colours."""
        self._groups = groups
        self.model = replace(self.model, classes=groups.names, colors=groups.colors)

    def segment(self, image: np.ndarray, with_confidence: bool = True) -> Segmentation:
        """Label an image of any size.

        Args:
            image: uint8 (H, W, 3), BGR image.
            with_confidence: whether to compute the confidence, which takes more time.

        Returns:
            Mask and confidence at the image's own size, (H, W).

        Raises:
            ValueError: the array has another shape or dtype than stated above.
        """
        height, width = image.shape[:2]
        return self.infer(image, with_confidence).resized(width, height)

    def infer(self, image: np.ndarray, with_confidence: bool = True) -> Segmentation:
        """Label an image at the network's size: ``(model.height, model.width)``.

        Args:
            image, with_confidence: as for :meth:`segment`.

        Raises:
            ValueError: the array has another shape or dtype than :meth:`segment` takes.
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
        """Return only the labels of such an image."""
        return self._run(image).mask


def fit_input(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize ``image`` to the network's size: averaged if it shrinks, else linearly."""
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    shrinks = image.shape[1] >= width and image.shape[0] >= height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=interpolation)
