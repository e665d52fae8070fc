"""What the team looks for: class names with weights, as a text that a person can write.

``SignSymbol: 2, Car: 0.5`` weighs these classes so, in place of the robot's own weights; ``Car: 0``
leaves a class out; an empty text gives the robot its own targets back. ``from 1700000000`` and
``until 1700000060.5`` behind it bound the time, in seconds since 1970 by the robot's clock, as on
the stamps of its frames.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mininet_ros.keyframes.cues.content import ClassError, parse_class_weights
from mininet_ros.team.errors import TeamError

MAX_TEXT = 2000
_FORM = re.compile(
    r"(?P<classes>.*?)(\s*\bfrom\s+(?P<from>[\d.]+))?(\s*\buntil\s+(?P<until>[\d.]+))?\s*",
    re.DOTALL,
)


@dataclass(frozen=True)
class Interest:
    """What the team looks for.

    Attributes:
        weights: by class name, 0 to 100; 0 leaves the class out.
        from_s: begin, seconds since 1970 by the robot's clock; None for none.
        until_s: end, likewise.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    from_s: float | None = None
    until_s: float | None = None

    def valid_at(self, now_s: float) -> bool:
        """Return whether it is for this time."""
        return (self.from_s is None or now_s >= self.from_s) and (
            self.until_s is None or now_s <= self.until_s
        )

    def applied_to(self, own: Mapping[str, float], known: Collection[str]) -> dict[str, float]:
        """Return target weights by class name.

        Args:
            own: the robot's own targets.
            known: classes that the robot can see; others are passed over.
        """
        merged = {**own, **{n: w for n, w in self.weights.items() if n in known or n in own}}
        return {name: weight for name, weight in merged.items() if weight > 0.0}

    def unknown(self, known: Collection[str]) -> list[str]:
        """Return the classes that are not among these."""
        return [name for name in self.weights if name not in known]


def parse_interest(text: str) -> Interest:
    """Read a text, in the form that this module describes.

    Raises:
        TeamError: it has another form, or a weight is out of range.
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
