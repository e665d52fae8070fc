"""What a score is, said once beside the code that computes it.

Each cue keeps its scores in a frozen dataclass, whose fields carry a `Description`. From there the
names, units, ranges and meanings reach `FrameScores`, the topic `keyframe/scores`, the table
`keyframes.csv`, the report and the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_KEY = "description"


@dataclass(frozen=True)
class Description:
    """What a score is.

    Attributes:
        unit: of the number; empty for a share or a count.
        low: least value.
        high: largest value; None where there is no limit.
        meaning: one sentence that is true by itself.
    """

    unit: str
    low: float
    high: float | None
    meaning: str

    @property
    def range(self) -> str:
        """The range for people."""
        return f"{self.low:g} to {self.high:g}" if self.high is not None else f"from {self.low:g}"


def described(unit: str, low: float, high: float | None, meaning: str) -> Mapping[str, Any]:
    """Metadata of a dataclass field that holds a score; see `Description`."""
    return {_KEY: Description(unit, low, high, meaning)}


def descriptions(scores: type) -> dict[str, Description]:
    """The description of each score of a dataclass, by name, in the order of its fields."""
    return {f.name: f.metadata[_KEY] for f in fields(scores) if _KEY in f.metadata}
