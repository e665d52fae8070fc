"""Image sequences with times: files, videos, cameras, bags; NumPy and OpenCV only."""

from __future__ import annotations

from mininet_ros.sequences.open import open_sequence
from mininet_ros.sequences.sequence import (
    Frame,
    LabelledFrame,
    LabelledSequence,
    Sequence,
    SequenceError,
)

__all__ = [
    "Frame",
    "LabelledFrame",
    "LabelledSequence",
    "Sequence",
    "SequenceError",
    "open_sequence",
]
