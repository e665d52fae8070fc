"""Pictures of the report: the chosen frames, and every N-th frame for comparison."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from mininet_ros.keyframes import FrameScores, Reason
from mininet_ros.keyframes.selection.reasons import TITLES
from mininet_ros.offline.report_tables import baseline_names
from mininet_ros.offline.results import Results
from mininet_ros.offline.selection import DecidedFrame

MAX_CARDS = 120
MAX_SMALL_CARDS = 48


def shown_cards(forwarded: Sequence[int], limit: int) -> list[int]:
    """Return at most ``limit`` of the frames, evenly spaced."""
    count = min(limit, len(forwarded))
    return [forwarded[i * len(forwarded) // count] for i in range(count)]


def shown_frames(results: Results) -> list[int]:
    """Return the indices of the chosen frames that have a card."""
    forwarded = [frame.index for frame in results.frames if frame.decision.forwarded]
    return shown_cards(forwarded, MAX_CARDS) if forwarded else []


def card_section(results: Results) -> str:
    """Return a section with a card for each chosen frame, or for some of them."""
    title = "<h2>Forwarded frames</h2>" if results.exact is None else "<h2>Chosen frames</h2>"
    shown = set(shown_frames(results))
    cards = [_card(frame, results) for frame in results.frames if frame.index in shown]
    if not cards:
        return f"{title}<p>No frame was forwarded; the reasons are below.</p>"
    note = (
        ""
        if len(shown) == results.summary.forwarded
        else (f"{len(shown)} of {results.summary.forwarded}, at even distances. ")
    )
    note += (
        "Quality ranks pictures of one scene, 0 to 1. "
        if results.exact is not None
        else "Quality ranks pictures of one scene, 0 to 1. Seen in the one before: share of the "
        "view that the last forwarded frame shows, too. "
    )
    if results.settings.targets():
        note += (
            "Targets are outlined: green ones are whole, red ones touch the border. Found "
            "steadily: share of the last frames in which the targets were found. Cut by the "
            "border: share of the targets that touch it, or that earlier frames show to go on "
            "beyond it. "
        )
    return f"{title}<p>{note}</p>{class_key(results)}<div class='cards'>{''.join(cards)}</div>"


def class_key(results: Results) -> str:
    """Return the classes and colours of masks that are drawn over the pictures; else empty."""
    if results.masks_from is None or results.settings.targets():
        return ""
    names = "".join(
        f"<span style='--of:rgb({red},{green},{blue})'>{escape(name)}</span>"
        for name, (red, green, blue) in results.classes
    )
    return f"<div class='key classes'>{names}</div>"


def _card(frame: DecidedFrame, results: Results) -> str:
    decision, scores = frame.decision, frame.decision.scores
    if scores is None:
        raise ValueError(f"frame {frame.name} was chosen without scores")
    seconds = (frame.stamp_ns - results.frames[0].stamp_ns) / 1e9
    meters = _meters(scores, results)
    forced = " forced" if decision.reason is Reason.MAX_GAP else ""
    return (
        f"<article class='card' id='frame-{frame.index}'>{_image(frame, results)}<div>"
        f"<h3>{escape(frame.name)}<span>{seconds:.2f} s</span></h3>"
        f"<span class='badge{forced}'>{TITLES[decision.reason]}</span>"
        f"<p>{escape(decision.sentence)}</p><dl>{meters}</dl></div></article>"
    )


def _meters(scores: FrameScores, results: Results) -> str:
    meters = [_meter("quality", scores.quality, f"{scores.quality:.2f}")]
    if results.settings.targets():
        meters.append(_meter("found steadily", scores.steady, f"{100 * scores.steady:.0f} %"))
        meters.append(_meter("cut by the border", scores.cut, f"{100 * scores.cut:.0f} %", "--cut"))
    if results.exact is None:
        before = [("seen in the one before", scores.overlap)]
        if results.settings.targets():
            before.insert(0, ("targets sent before", scores.sent))
        meters += [_meter(name, part, f"{100 * part:.0f} %", "--soft") for name, part in before]
    return "".join(meters)


def _meter(name: str, part: float, text: str, color: str = "--bar") -> str:
    return (
        f"<dt>{name}</dt><i style='--part:{100 * part:.0f}%;--of:var({color})'></i><dd>{text}</dd>"
    )


def _image(frame: DecidedFrame, results: Results) -> str:
    source = base64.b64encode(results.picture(frame.index)).decode()
    return f"<img alt='{escape(frame.name)}' src='data:image/jpeg;base64,{source}'>"


def throttle_section(results: Results) -> str:
    """Return a section with small pictures of every N-th frame; empty if nothing was chosen."""
    every = next((choice for choice in results.choices if choice.name == "every_n"), None)
    if every is None:
        return ""
    floor = results.settings.selector.quality_floor
    frame_of = {frame.index: frame for frame in results.frames}
    cards = []
    for index in shown_cards(every.chosen, MAX_SMALL_CARDS):
        frame = frame_of[index]
        scores = frame.decision.scores
        poor = scores is None or scores.relative < floor
        quality = "refused" if scores is None else f"quality {scores.relative:.2f}"
        seconds = (frame.stamp_ns - results.frames[0].stamp_ns) / 1e9
        cards.append(
            f"<article class='card'>{_image(frame, results)}<div><span>{seconds:.2f} s</span>"
            f"<span class='{'poor' if poor else ''}'>{quality}</span></div></article>"
        )
    name = baseline_names(results.summary)["every_n"]
    return (
        f"<h2>What a throttle would have sent</h2><p>{name}, as many as were forwarded. Quality "
        f"is that of the picture compared with the last minute; red: below the floor of {floor:g}."
        f"</p><div class='cards small'>{''.join(cards)}</div>"
    )
