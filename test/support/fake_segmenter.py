"""A segmenter without a network: it labels what is known, and works when it is let."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from mininet_ros.inference import Segmentation, Segmenter
from mininet_ros.models import Model

WIDTH, HEIGHT = 64, 48
CLASSES = ("dark", "bright")


class FakeSegmenter(Segmenter):
    """Labels a pixel "bright" where its blue is 128 or more, with the blue as confidence.

    Args:
        failures: so many inferences fail first.

    Attributes:
        runs: inferences begun.
        without_confidence: how many of them were asked for labels alone.
        gate: inferences wait while it is not set.
    """

    backend = "cpu"
    runtime = "none"
    device = "a test"

    def __init__(self, failures: int = 0) -> None:
        super().__init__(_model())
        self.gate = threading.Event()
        self.gate.set()
        self.failures = failures
        self.runs = 0
        self.without_confidence = 0

    def load(self, **parameters: object) -> FakeSegmenter:
        """Stand in for :func:`mininet_ros.inference.load_segmenter`."""
        return self

    def _run(self, image: np.ndarray) -> Segmentation:
        self.runs += 1
        assert self.gate.wait(60)
        if self.runs <= self.failures:
            raise RuntimeError("the device is lost")
        blue = np.ascontiguousarray(image[..., 0])
        return Segmentation((blue >= 128).astype(np.uint8), blue)

    def _mask(self, image: np.ndarray) -> np.ndarray:
        self.without_confidence += 1
        return super()._mask(image)


def _model() -> Model:
    return Model(
        folder=Path("nowhere"),
        name="fake",
        network="mininet_v2_cpu",
        options={},
        classes=CLASSES,
        colors=np.array([[255, 0, 0], [0, 255, 0]], np.uint8),
        ignore_label=255,
        width=WIDTH,
        height=HEIGHT,
        scale=1 / 255,
        offset=-0.5,
        card={},
    )
