"""Tables of the report: comparison, reasons, settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import Enum
from html import escape

from mininet_ros.keyframes.selection.decisions import FORWARDING, Reason
from mininet_ros.keyframes.selection.reasons import MEANINGS, TITLES
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.comparison import ONLINE, OURS, Choice
from mininet_ros.offline.summary import Summary

_BOUND = "greedy_bound"
_NEED_TARGETS = ("semantics", _BOUND)

_TARGET_COLUMNS: tuple[tuple[str, Callable[[Choice], str]], ...] = (
    ("targets seen<br>whole", lambda c: f"{100 * c.metrics.instance_recall:.0f} %"),
    ("of their<br>largest views", lambda c: f"{100 * c.metrics.pixel_recall:.0f} %"),
    ("frames with<br>a cut target", lambda c: f"{100 * c.metrics.cut_share:.0f} %"),
    ("content", lambda c: f"{c.content:.2f}"),
)
_COLUMNS: tuple[tuple[str, Callable[[Choice], str]], ...] = (
    ("sharpness", lambda c: f"{c.metrics.sharpness:.2f}"),
    ("clipped", lambda c: f"{100 * c.metrics.clipped:.1f} %"),
    ("largest gap", lambda c: f"{c.metrics.largest_gap_s:.2f} s"),
    ("JPEG bytes", lambda c: f"{c.metrics.bytes:,}"),
)


def baseline_names(summary: Summary) -> dict[str, str]:
    """Return the names of the baselines, for people."""
    distance = summary.frames / max(1, summary.forwarded)
    return {
        OURS: "This selection",
        ONLINE: "The online rule",
        "every_n": f"Every {_ordinal(round(distance))} frame",
        "random": "Random frames",
        "parallax": "Equal motion between frames",
        "quality": "Best quality of equal parts",
        "semantics": "Most content of equal parts",
        "sharpest_of_window": "Sharpest of parts of equal motion",
        _BOUND: "Greedy, knowing all in advance",
    }


def comparison_table(choices: Sequence[Choice], summary: Summary, targets: bool) -> str:
    """Return a row for each choice.

    Args:
        choices: this selection and the baselines.
        summary: summary of this selection.
        targets: whether there are target classes; without them, some baselines mean nothing.
    """
    names = baseline_names(summary)
    columns = (*_TARGET_COLUMNS, *_COLUMNS) if targets else _COLUMNS
    rows = []
    for choice in choices:
        if choice.name in _NEED_TARGETS and not targets:
            continue
        kind = {OURS: " class='ours'", _BOUND: " class='bound'"}.get(choice.name, "")
        cells = "".join(f"<td>{show(choice)}</td>" for _, show in columns)
        name = escape(names.get(choice.name, choice.name))
        rows.append(f"<tr{kind}><td>{name}</td><td>{len(choice.chosen)}</td>{cells}</tr>")
    head = "".join(f"<th>{name}</th>" for name, _ in columns)
    return (
        f"<table><thead><tr><th></th><th>frames</th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def reason_table(summary: Summary) -> str:
    """Return a section with the number of frames by reason."""
    forwarding = {reason.value for reason in FORWARDING}
    rows = []
    for reason, count in sorted(
        summary.reasons.items(), key=lambda item: (item[0] not in forwarding, -item[1])
    ):
        color = "--accent" if reason in forwarding else "--bar"
        part = 100 * count / summary.frames
        rows.append(
            f"<tr><td>{TITLES[Reason(reason)]}<small>{MEANINGS[Reason(reason)]}</small></td>"
            f"<td>{count:,}</td><td><span class='meter' "
            f"style='--part:{part:.1f}%;--of:var({color})'></span></td></tr>"
        )
    return (
        "<section><h2>Why frames were forwarded or not</h2><div class='panel'><table>"
        "<thead><tr><th>reason</th><th>frames</th><th></th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def settings_table(settings: KeyframeSettings) -> str:
    """Return a section with the present settings."""
    values = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name != "selector"}
    values |= {f.name: getattr(settings.selector, f.name) for f in fields(settings.selector)}
    rows = "".join(
        f"<tr><td>{name}</td><td>{escape(_text(value))}</td></tr>" for name, value in values.items()
    )
    return (
        "<section><h2>Settings</h2><div class='panel'><table><thead><tr><th>parameter</th>"
        f"<th>value</th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value if part) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
