"""Description of a score, stated once beside the code that computes it.

Each cue keeps its scores in a frozen dataclass whose fields carry a ``Description``. Names, units,
ranges and meanings go from there to ``FrameScores``, the topic ``keyframe/scores``, the table
``keyframes.csv``, the report and the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_KEY = "description"


@dataclass(frozen=True)
class Description:
    """Description of one score.

    Attributes:
        unit: unit of the number; empty for a share or a count.
        low: least value of the score.
        high: largest value of the score; None where there is no limit.
        meaning: one sentence that is true by itself.
    """

    unit: str
    low: float
    high: float | None
    meaning: str

    @property
    def range(self) -> str:
        """Return the range as text for people."""
        return f"{self.low:g} to {self.high:g}" if self.high is not None else f"from {self.low:g}"


def described(unit: str, low: float, high: float | None, meaning: str) -> Mapping[str, Any]:
    """Return the metadata of a dataclass field that holds a score; see ``Description``."""
    return {_KEY: Description(unit, low, high, meaning)}


def descriptions(scores: type) -> dict[str, Description]:
    """Return the description of each score of a dataclass by name, in field order."""
    return {f.name: f.metadata[_KEY] for f in fields(scores) if _KEY in f.metadata}
