"""A segmenter without a network: what it labels is known, and so is how long it takes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from mininet_ros.inference import Segmentation, Segmenter
from mininet_ros.models import Model

WIDTH, HEIGHT = 64, 48
CLASSES = ("dark", "bright")


class FakeSegmenter(Segmenter):
    """Labels a pixel "bright" where its blue is 128 or more, with the blue as confidence.

    Args:
        duration_s: of each inference.
        failures: so many inferences fail first.
    """

    backend = "cpu"
    runtime = "none"
    device = "a test"

    def __init__(self, duration_s: float = 0.0, failures: int = 0) -> None:
        super().__init__(_model())
        self.duration_s = duration_s
        self.failures = failures
        self.runs = 0

    def load(self, model: str, backend: str, network: str, threads: int) -> FakeSegmenter:
        """Stand in for :func:`mininet_ros.inference.load_segmenter`."""
        return self

    def _run(self, image: np.ndarray) -> Segmentation:
        self.runs += 1
        time.sleep(self.duration_s)
        if self.runs <= self.failures:
            raise RuntimeError("the device is lost")
        blue = np.ascontiguousarray(image[..., 0])
        return Segmentation((blue >= 128).astype(np.uint8), blue)


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
