"""What several tests of the cues look at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="module")
def world() -> np.ndarray:
    """A large textured picture to look at through a moving window."""
    generator = np.random.default_rng(3)
    noise = generator.uniform(0, 255, (90, 160)).astype(np.float32)
    return np.clip(cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_CUBIC), 0, 255).astype(
        np.uint8
    )
