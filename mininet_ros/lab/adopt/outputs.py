"""What the output of a network of somebody else's means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.adopt.errors import AdoptError

PROBABILITY_TOLERANCE = 1e-3


class OutputKind(Enum):
    """What a network gives for each pixel."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    LABELS = "labels"


@dataclass(frozen=True)
class OutputForm:
    """How an output is read.

    Attributes:
        kind: what it holds.
        shape: (1, channels, height, width) of scores, (1, height, width, channels) where the
            channels come last, (1, 1, height, width) of labels: the output's own shape, but for
            dimensions of 1 that are left out.
        is_channels_last: whether the channels of scores come last.
        is_single: whether scores have one channel, of the second of two classes.
    """

    kind: OutputKind
    shape: tuple[int, int, int, int]
    is_channels_last: bool = False
    is_single: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.shape[1:3] if self.is_channels_last else self.shape[2:4]

    def mask(self, given: np.ndarray, width: int, height: int) -> np.ndarray:
        """The labels that an output means, computed by NumPy and OpenCV.

        Args:
            given: the output.
            width, height: of the picture in pixels.

        Returns:
            uint8 (height, width).
        """
        picture_size = (width, height)
        if self.kind is OutputKind.LABELS:
            labels = given.reshape(self.size).astype(np.uint8)
            return cv2.resize(labels, picture_size, interpolation=cv2.INTER_NEAREST_EXACT)
        scores = given.reshape(self.shape)[0].astype(np.float32)
        planes = np.moveaxis(scores, 2, 0) if self.is_channels_last else scores
        enlarged = [cv2.resize(plane, picture_size) for plane in planes]
        if self.is_single:
            limit = 0.5 if self.kind is OutputKind.PROBABILITIES else 0
            return (enlarged[0] > limit).astype(np.uint8)
        return np.argmax(enlarged, axis=0).astype(np.uint8)


def output_form(given: np.ndarray, classes: int, where: str) -> OutputForm:
    """Find out what an output means.

    Args:
        given: the output for a picture that is not blank.
        classes: number of classes that it should tell apart.
        where: file and name of the output, for errors.

    Raises:
        AdoptError: it is no segmentation of these classes.
    """
    shaped = f"{where} has shape {given.shape}"
    if not 2 <= given.ndim <= 4 or (given.ndim == 4 and given.shape[0] != 1):
        raise AdoptError(f"{shaped}, which is no map of labels or scores: name another output")
    whole = given.reshape((1,) * (4 - given.ndim) + given.shape)
    if given.ndim == 2 and 1 in given.shape:
        raise AdoptError(f"{shaped}, which is no map of labels or scores: name another output")
    is_single = whole.shape[1] == 1 or whole.shape[3] == 1
    if np.issubdtype(given.dtype, np.integer) or given.dtype == bool:
        if not is_single:
            raise AdoptError(f"{shaped}, which is no map of labels: name another output")
        return _labels(whole, classes, where)
    if not np.isfinite(given).all():
        raise AdoptError(f"{where} is not finite; check --mean, --std and --scale")
    if is_single and classes > 2 and (given == np.rint(given)).all():
        return _labels(whole, classes, where)
    if is_single and classes == 1:
        raise AdoptError(
            f"{shaped}, and one channel tells two classes apart: name both in --classes, first "
            f"that of the other pixels"
        )
    is_single = is_single and classes == 2
    channels = 1 if is_single else classes
    if channels not in (whole.shape[1], whole.shape[3]):
        raise AdoptError(
            f"{shaped}, which has no axis of {classes} classes: check the file of classes, or name "
            f"another output"
        )
    channels_last = whole.shape[1] != channels
    kind = OutputKind.PROBABILITIES if _is_share(whole, channels_last) else OutputKind.LOGITS
    return OutputForm(kind, whole.shape, channels_last, is_single)


def _labels(whole: np.ndarray, classes: int, where: str) -> OutputForm:
    unknown = whole[(whole < 0) | ((whole >= classes) & (whole != IGNORE_LABEL))]
    if unknown.size:
        raise AdoptError(
            f"{where} holds label {unknown[0]:.0f}, but the classes go from 0 to {classes - 1}"
        )
    height, width = whole.shape[1:3] if whole.shape[1] != 1 else whole.shape[2:4]
    return OutputForm(OutputKind.LABELS, (1, 1, height, width))


def _is_share(whole: np.ndarray, channels_last: bool) -> bool:
    """Whether scores are probabilities."""
    scores = (np.moveaxis(whole, 3, 1) if channels_last else whole).astype(np.float64)
    if scores.min() < 0 or scores.max() > 1 + PROBABILITY_TOLERANCE:
        return False
    return scores.shape[1] == 1 or np.abs(scores.sum(axis=1) - 1).max() < PROBABILITY_TOLERANCE
