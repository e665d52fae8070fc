"""Image sequences from files, cameras and the project's own generator; NumPy and OpenCV only."""

from __future__ import annotations

from mininet_ros.sequences.generated import GeneratedStreet, StreetTruth, VisibleSign
from mininet_ros.sequences.open import open_sequence
from mininet_ros.sequences.sequence import Frame, LabelledFrame, Sequence, SequenceError
from mininet_ros.sequences.street_stage import CLASSES

__all__ = [
    "CLASSES",
    "Frame",
    "GeneratedStreet",
    "LabelledFrame",
    "Sequence",
    "SequenceError",
    "StreetTruth",
    "VisibleSign",
    "open_sequence",
]
