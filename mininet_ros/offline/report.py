"""The report of a selection: one HTML file with all its pictures, which needs nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from mininet_ros.keyframes import Reason
from mininet_ros.keyframes.selection.waiting import worth_of
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.comparison import ONLINE, OURS, Choice
from mininet_ros.offline.exact_selection import ExactSelection
from mininet_ros.offline.report_tables import (
    baseline_names,
    comparison_table,
    reason_table,
    settings_table,
)
from mininet_ros.offline.selection import DecidedFrame
from mininet_ros.offline.style import STYLE
from mininet_ros.offline.summary import Summary
from mininet_ros.offline.timeline import Lane, draw_timeline

MAX_CARDS = 120
MAX_SMALL_CARDS = 48


@dataclass(frozen=True)
class Results:
    """All that a report shows.

    Attributes:
        name: of the recording.
        masks_from: who made the masks, in words; None where there are none, and then no targets.
        preset: name or path of the parameter file.
        settings: of the selection.
        frames: all of them, at least one, in the order in which they came.
        summary: of the selection.
        choices: this selection and others; empty if nothing was forwarded.
        picture: thumbnail of a frame by its index, JPEG.
        exact: what was chosen with the whole recording known; None of an online selection.
    """

    name: str
    masks_from: str | None
    preset: str
    settings: KeyframeSettings
    frames: Sequence[DecidedFrame]
    summary: Summary
    choices: Sequence[Choice]
    picture: Callable[[int], bytes]
    exact: ExactSelection | None = None


def write_report(results: Results) -> str:
    """Return the report, an HTML document."""
    title = escape(f"Keyframes of {results.name}")
    sections = (
        _header(results),
        _figures(results),
        _timeline(results),
        _comparison(results),
        _cards(results),
        _every_n(results),
        "<div class='columns'>",
        reason_table(results.summary),
        settings_table(results.settings),
        "</div>",
        "<footer>Made by <code>mininet_ros select-keyframes</code>. keyframes.csv beside this file "
        "has every score of every frame.</footer>",
    )
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'\">"
        f"<link rel='icon' href='data:,'><title>{title}</title><style>{STYLE}</style></head><body>"
        f"{''.join(sections)}</body></html>\n"
    )


def shown_cards(forwarded: Sequence[int], limit: int) -> list[int]:
    """At most `limit` of the frames, at even distances."""
    count = min(limit, len(forwarded))
    return [forwarded[i * len(forwarded) // count] for i in range(count)]


def data_size(count: float) -> str:
    """A number of bytes for people, as `1.2 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}" if count < 100 else f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _header(results: Results) -> str:
    targets = results.settings.targets()
    wanted = ", ".join(
        name if weight == 1 else f"{name} (weight {weight:g})" for name, weight in targets.items()
    )
    sought = (
        f"Looking for {wanted}; masks: {results.masks_from}." if wanted else "Without semantics."
    )
    return (
        f"<header><h1>Keyframes of {escape(results.name)}</h1>"
        f"<p>{escape(_rule(results))} {escape(sought)}</p></header>"
    )


def _rule(results: Results) -> str:
    """How the frames were chosen, in a sentence or two."""
    exact = results.exact
    if exact is None:
        return f"Preset {results.preset}, mode {results.settings.selector.mode.value}."
    overlap = exact.overlap_sentence()
    return (
        f"Exactly {results.summary.forwarded} frames, chosen with the whole recording known; "
        f"{overlap}. The online rule of preset {results.preset} would have chosen "
        f"{len(exact.online)} frames, {exact.same} of them the same."
    )


def _figures(results: Results) -> str:
    summary = results.summary
    saved = summary.forwarded_bytes / max(1, summary.full_stream_bytes)
    quality = results.settings.jpeg_quality
    png = ", masks PNG" if results.masks_from is not None else ""
    figures = [
        _figure(f"{summary.frames:,}", f"frames seen in {summary.duration_s:.1f} s"),
        _figure(f"{summary.forwarded:,}", f"forwarded: {100 * summary.share:.1f} %", summary.share),
        _figure(
            data_size(summary.forwarded_bytes),
            f"of {data_size(summary.full_stream_bytes)} in the full stream (JPEG {quality}{png})",
            saved,
        ),
        _figure(f"{summary.largest_gap_s:.2f} s", "longest time without a forwarded frame"),
    ]
    if results.exact is None:
        team = _figure(
            f"{summary.team.get('sent', 0)} of {summary.forwarded}",
            f"go to team mates at {data_size(results.settings.team_bytes_per_s)}/s: "
            f"{data_size(summary.team_bytes)}",
        )
        figures.append(team)
    if summary.without_mask and results.settings.targets():
        figures.append(_figure(f"{summary.without_mask:,}", "frames without a mask"))
    return f"<div class='figures'>{''.join(figures)}</div>"


def _figure(value: str, words: str, part: float | None = None) -> str:
    meter = f"<i style='--part:{100 * part:.1f}%'></i>" if part is not None else ""
    return f"<div class='figure'><b>{value}</b><span>{words}</span>{meter}</div>"


def _timeline(results: Results) -> str:
    selector = results.settings.selector
    lanes = [
        Lane("Quality", lambda s: s.quality, "{:g}", 1.0, selector.quality_floor),
        Lane("Motion", lambda s: s.motion, "{:.0f} px"),
    ]
    note = "Motion is the median optical flow from one frame to the next."
    if results.settings.targets():
        lanes[1:1] = [
            Lane("Content", lambda s: s.content, "{:.2g}", floor=selector.content_floor),
            Lane("Worth", lambda s: worth_of(s, selector.base_content), "{:.2g}"),
        ]
        note = (
            "Worth is what the selector maximises: quality times content, where content is the "
            "number of targets that the picture shows, less for small ones, for what the border "
            f"cuts and for what was forwarded before. {note}"
        )
    every_n = baseline_names(results.summary)["every_n"].removesuffix(" frame")
    strip_names = {OURS: "Selected", ONLINE: "Online rule", "every_n": every_n}
    strips = [
        (strip_names[choice.name], choice.chosen)
        for choice in results.choices
        if choice.name in strip_names
    ]
    shown = set(_shown(results))
    drawing = draw_timeline(
        results.frames,
        lanes,
        strips,
        results.picture,
        lambda index: f"frame-{index}" if index in shown else None,
    )
    forced = any(f.decision.reason is Reason.MAX_GAP for f in results.frames)
    key = "<span style='--of:var(--accent)'>forwarded</span>"
    if forced:
        key += (
            "<span class='dashed' style='--of:var(--forced)'>forwarded because the longest gap "
            "was reached</span>"
        )
    key += "<span class='dashed' style='--of:var(--soft)'>floor</span>"
    return (
        f"<h2>Scores over time</h2><p>{note}</p>"
        f"<div class='panel'>{drawing}<div class='key'>{key}</div></div>"
    )


def _shown(results: Results) -> list[int]:
    forwarded = [frame.index for frame in results.frames if frame.decision.forwarded]
    return shown_cards(forwarded, MAX_CARDS) if forwarded else []


def _cards(results: Results) -> str:
    shown = set(_shown(results))
    cards = [_card(frame, results) for frame in results.frames if frame.index in shown]
    if not cards:
        return "<h2>Forwarded frames</h2><p>No frame was forwarded; the reasons are below.</p>"
    note = (
        ""
        if len(shown) == results.summary.forwarded
        else (f"{len(shown)} of {results.summary.forwarded}, at even distances. ")
    )
    if results.settings.targets():
        note += "Targets are outlined: green ones are whole, red ones are cut by the border."
    return f"<h2>Forwarded frames</h2><p>{note}</p><div class='cards'>{''.join(cards)}</div>"


def _card(frame: DecidedFrame, results: Results) -> str:
    decision, scores = frame.decision, frame.decision.scores
    seconds = (frame.stamp_ns - results.frames[0].stamp_ns) / 1e9
    meters = [_meter("quality", scores.quality, f"{scores.quality:.2f}")]
    if results.settings.targets():
        meters += [
            _meter("cut", scores.cut, f"{100 * scores.cut:.0f} %", "--cut"),
            _meter("sent before", scores.sent, f"{100 * scores.sent:.0f} %", "--soft"),
        ]
    meters.append(_meter("seen before", scores.overlap, f"{100 * scores.overlap:.0f} %", "--soft"))
    forced = " forced" if decision.reason is Reason.MAX_GAP else ""
    return (
        f"<article class='card' id='frame-{frame.index}'>{_image(frame, results)}<div>"
        f"<h3>{escape(frame.name)}<span>{seconds:.2f} s</span></h3>"
        f"<span class='badge{forced}'>{_words(decision.reason.value)}</span>"
        f"<p>{escape(decision.sentence)}</p><dl>{''.join(meters)}</dl></div></article>"
    )


def _meter(name: str, part: float, text: str, color: str = "--bar") -> str:
    return (
        f"<dt>{name}</dt><i style='--part:{100 * part:.0f}%;--of:var({color})'></i><dd>{text}</dd>"
    )


def _image(frame: DecidedFrame, results: Results) -> str:
    source = base64.b64encode(results.picture(frame.index)).decode()
    return f"<img alt='{escape(frame.name)}' src='data:image/jpeg;base64,{source}'>"


def _every_n(results: Results) -> str:
    every = next((choice for choice in results.choices if choice.name == "every_n"), None)
    if every is None:
        return ""
    floor = results.settings.selector.quality_floor
    frame_of = {frame.index: frame for frame in results.frames}
    cards = []
    for index in shown_cards(every.chosen, MAX_SMALL_CARDS):
        frame = frame_of[index]
        scores = frame.decision.scores
        poor = scores is None or scores.quality < floor
        quality = "refused" if scores is None else f"quality {scores.quality:.2f}"
        seconds = (frame.stamp_ns - results.frames[0].stamp_ns) / 1e9
        cards.append(
            f"<article class='card'>{_image(frame, results)}<div><span>{seconds:.2f} s</span>"
            f"<span class='{'poor' if poor else ''}'>{quality}</span></div></article>"
        )
    name = baseline_names(results.summary)["every_n"]
    return (
        f"<h2>What a throttle would have sent</h2><p>{name}, as many as were forwarded. Red: below "
        f"the quality floor of {floor:g}.</p><div class='cards small'>{''.join(cards)}</div>"
    )


def _comparison(results: Results) -> str:
    if not results.choices:
        return ""
    targets = bool(results.settings.targets())
    note = "Other ways of choosing as many frames from the same recording. "
    if targets:
        note += (
            f"Targets are what the masks show ({results.masks_from}), followed from frame to frame "
            "by optical flow; whole means that the border does not cut them."
        )
    return (
        f"<h2>Comparison</h2><p>{escape(note)}</p><div class='panel'>"
        f"{comparison_table(results.choices, results.summary, targets)}</div>"
    )


def _words(reason: str) -> str:
    return reason.replace("_", " ")
