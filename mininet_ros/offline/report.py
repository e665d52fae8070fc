"""Report of a selection: one self-contained HTML file with all its pictures."""

from __future__ import annotations

from html import escape

from mininet_ros.keyframes import Reason
from mininet_ros.keyframes.selection.selector import worth_of
from mininet_ros.offline.comparison import ONLINE, OURS
from mininet_ros.offline.report_cards import card_section, shown_frames, throttle_section
from mininet_ros.offline.report_tables import (
    baseline_names,
    comparison_table,
    reason_table,
    settings_table,
)
from mininet_ros.offline.results import Results
from mininet_ros.offline.style import STYLE
from mininet_ros.offline.timeline import Lane, draw_timeline


def write_report(results: Results) -> str:
    """Return the report as an HTML document."""
    title = escape(f"Keyframes of {results.name}")
    sections = (
        _header(results),
        _figures(results),
        _timeline(results),
        _requests(results),
        _comparison(results),
        card_section(results),
        throttle_section(results),
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


def data_size(count: float) -> str:
    """Return a number of bytes as text for people, such as ``1.2 MB``."""
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
    """Return one or two sentences on how the frames were chosen."""
    exact = results.exact
    if exact is None:
        return f"Preset {results.preset}, mode {results.settings.selector.mode.value}."
    overlap = exact.overlap_sentence()
    return (
        f"Exactly {results.summary.forwarded} frames, chosen with the whole recording known; "
        f"{overlap}. The online rule of preset {results.preset} would have chosen "
        f"{len(exact.online)} frames, {exact.same} of them the same."
    )


def _requests(results: Results) -> str:
    """Return a section with all requests: the frame that answers each, or why none does."""
    summary, start_ns = results.summary, results.frames[0].stamp_ns
    if not summary.requests:
        return ""
    rows = []
    for frame in results.frames:
        asked_ns = frame.decision.request_ns
        if asked_ns is None:
            continue
        asked, away = (asked_ns - start_ns) / 1e9, (frame.stamp_ns - asked_ns) / 1e6
        side = "the frame itself" if not away else f"{abs(away):.0f} ms {_side(away)}"
        rows.append(f"<tr><td>{asked:.3f} s</td><td>{escape(frame.name)}</td><td>{side}</td></tr>")
    answers = (
        "<div class='panel'><table><thead><tr><th>requested</th><th>answered with</th>"
        f"<th>taken</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        if rows
        else ""
    )
    missed = "".join(f"<li>{escape(sentence)}</li>" for sentence in summary.unanswered)
    unanswered = f"<h3>Requests without an answer</h3><ul>{missed}</ul>" if missed else ""
    return (
        f"<section><h2>Requests</h2><p>{summary.answered} of {summary.requests} requests were "
        f"answered.</p>{answers}{unanswered}</section>"
    )


def _side(away_ms: float) -> str:
    return "later" if away_ms > 0.0 else "earlier"


def _figures(results: Results) -> str:
    summary = results.summary
    saved = summary.forwarded_bytes / max(1, summary.full_stream_bytes)
    quality = results.settings.jpeg_quality
    png = ", masks PNG" if results.masks_from is not None else ""
    done = "forwarded" if results.exact is None else "chosen"
    figures = [
        _figure(f"{summary.frames:,}", f"frames seen in {summary.duration_s:.1f} s"),
        _figure(f"{summary.forwarded:,}", f"{done}: {100 * summary.share:.1f} %", summary.share),
        _figure(
            data_size(summary.forwarded_bytes),
            f"of {data_size(summary.full_stream_bytes)} in the full stream (JPEG {quality}{png})",
            saved,
        ),
        _figure(f"{summary.largest_gap_s:.2f} s", f"longest time without a {done} frame"),
    ]
    if results.exact is None:
        team = _figure(
            f"{summary.team.get('sent', 0)} of {summary.forwarded}",
            f"go to team mates at {data_size(results.settings.team_bytes_per_s)}/s: "
            f"{data_size(summary.team_bytes)}",
        )
        figures.append(team)
    if summary.requests:
        figures.append(_figure(f"{summary.answered} of {summary.requests}", "requests answered"))
    if summary.without_mask and results.settings.targets():
        figures.append(_figure(f"{summary.without_mask:,}", "frames without a mask"))
    return f"<div class='figures'>{''.join(figures)}</div>"


def _figure(value: str, words: str, part: float | None = None) -> str:
    meter = f"<i style='--part:{100 * part:.1f}%'></i>" if part is not None else ""
    return f"<div class='figure'><b>{value}</b><span>{words}</span>{meter}</div>"


def _timeline(results: Results) -> str:
    selector, online = results.settings.selector, results.exact is None
    floor = selector.quality_floor if online else 0.0
    lanes = [
        Lane("Quality", lambda s: s.relative, "{:.2g}", floor=floor),
        Lane("Motion", lambda s: s.motion, "{:.3f}"),
    ]
    note = (
        "Quality is that of the picture compared with the last minute, 1 is usual. Motion is the "
        "median optical flow from one frame to the next, as a share of the width."
    )
    if results.settings.targets():
        floor = selector.content_floor if online else 0.0
        lanes.insert(1, Lane("Content", lambda s: s.content, "{:.2g}", floor=floor))
        content = (
            "Content is the number of targets that the picture shows, less for small ones and for "
            "what the border cuts"
        )
        if online:
            worth = Lane("Worth", lambda s: worth_of(s, selector.base_content), "{:.2g}")
            lanes.insert(2, worth)
            content += (
                ", and for what was forwarded before. Worth is what the selector maximises: "
                "quality times content"
            )
        note = f"{content}. {note}"
    every_n = baseline_names(results.summary)["every_n"].removesuffix(" frame")
    strip_names = {OURS: "Selected", ONLINE: "Online rule", "every_n": every_n}
    strips = [
        (strip_names[choice.name], choice.chosen)
        for choice in results.choices
        if choice.name in strip_names
    ]
    shown = set(shown_frames(results))
    drawing = draw_timeline(
        results.frames,
        lanes,
        strips,
        results.picture,
        lambda index: f"frame-{index}" if index in shown else None,
    )
    forced = any(f.decision.reason is Reason.MAX_GAP for f in results.frames)
    key = f"<span style='--of:var(--accent)'>{'forwarded' if online else 'chosen'}</span>"
    if forced:
        key += (
            "<span class='dashed' style='--of:var(--forced)'>forwarded because the longest gap "
            "was reached</span>"
        )
    if online:
        key += "<span class='dashed' style='--of:var(--soft)'>floor</span>"
    return (
        f"<h2>Scores over time</h2><p>{note}</p>"
        f"<div class='panel'>{drawing}<div class='key'>{key}</div></div>"
    )


def _comparison(results: Results) -> str:
    if not results.choices:
        return ""
    targets = bool(results.settings.targets())
    note = "Other ways of choosing as many frames from the same recording. "
    if results.exact is not None:
        note += "The online rule takes a number of its own. "
    if targets:
        note += (
            f"Targets are what the masks show ({results.masks_from}), followed from frame to frame "
            "by optical flow; whole means that the border does not cut them."
        )
    return (
        f"<h2>Comparison</h2><p>{escape(note)}</p><div class='panel'>"
        f"{comparison_table(results.choices, results.summary, targets)}</div>"
    )
