"""Targets of the team: class names with weights, as text that a person can write.

``SignSymbol: 2, Car: 0.5`` sets these weights in place of the robot's own targets. ``Car: 0``
leaves a class out. An empty text restores the robot's own targets. ``from 1700000000`` and ``until
1700000060.5`` after it limit the time, in seconds since 1970 by the robot's clock, as in the stamps
of its frames.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mininet_ros.keyframes.cues.classes import ClassError, parse_class_weights
from mininet_ros.team.errors import TeamError

MAX_TEXT = 2000
_FORM = re.compile(
    r"(?P<classes>.*?)(\s*\bfrom\s+(?P<from>[\d.]+))?(\s*\buntil\s+(?P<until>[\d.]+))?\s*",
    re.DOTALL,
)


@dataclass(frozen=True)
class Interest:
    """Targets of the team.

    Attributes:
        weights: weight of each class by its name, 0 to 100; 0 leaves the class out.
        from_s: begin of validity, seconds since 1970 by the robot's clock; None for no limit.
        until_s: end of validity, seconds since 1970 by the robot's clock; None for no limit.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    from_s: float | None = None
    until_s: float | None = None

    def valid_at(self, now_s: float) -> bool:
        """Return whether the targets are valid at this time."""
        return (self.from_s is None or now_s >= self.from_s) and (
            self.until_s is None or now_s <= self.until_s
        )

    def applied_to(self, own: Mapping[str, float], known: Collection[str]) -> dict[str, float]:
        """Return target weights by class name.

        Args:
            own: weights of the robot's own targets by class name.
            known: classes that the robot can see; others are ignored.
        """
        merged = {**own, **{n: w for n, w in self.weights.items() if n in known or n in own}}
        return {name: weight for name, weight in merged.items() if weight > 0.0}

    def unknown(self, known: Collection[str]) -> list[str]:
        """Return the classes that are not among the known ones."""
        return [name for name in self.weights if name not in known]


def parse_interest(text: str) -> Interest:
    """Parse a text in the form that this module describes.

    Raises:
        TeamError: the text has another form, or a weight is out of range.
    """
    if len(text) > MAX_TEXT:
        raise TeamError(f"team/interest has {len(text)} characters, more than {MAX_TEXT}")
    match = _FORM.fullmatch(text.strip())
    assert match is not None, "every text has classes, if nothing else"
    try:
        entries = [entry for entry in match["classes"].split(",") if entry.strip()]
        weights = parse_class_weights(entries)
        begin, end = (float(match[name]) if match[name] else None for name in ("from", "until"))
    except (ClassError, ValueError) as error:
        raise TeamError(
            f"team/interest '{text[:80]}' cannot be read ({str(error).rstrip('.')}): write classes "
            "with weights, such as 'SignSymbol: 2, Car: 0.5'"
        ) from error
    for name, weight in weights.items():
        if not 0.0 <= weight <= 100.0:
            raise TeamError(f"team/interest weighs '{name}' with {weight:g}: give 0 to 100")
    return Interest(weights, begin, end)
