"""Scores over a recording, drawn as SVG."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from mininet_ros.keyframes import FrameScores, Reason
from mininet_ros.offline.selection import DecidedFrame

WIDTH, LEFT, RIGHT = 1160, 92, 14
LANE, GAP = 74, 16
STRIP, AXIS = 18, 30
FILM_TILES = 9

_PLOT = WIDTH - LEFT - RIGHT


@dataclass(frozen=True)
class Lane:
    """One score over time.

    Attributes:
        name: name of the score, for people.
        value: function that reads the score of a frame.
        unit: format string of one number, for the label of the axis.
        top: upper end of the axis; None for the largest value.
        floor: level that is drawn if it is above 0.
    """

    name: str
    value: Callable[[FrameScores], float]
    unit: str
    top: float | None = None
    floor: float = 0.0


def draw_timeline(
    frames: Sequence[DecidedFrame],
    lanes: Sequence[Lane],
    strips: Sequence[tuple[str, Sequence[int]]],
    picture: Callable[[int], bytes],
    anchor: Callable[[int], str | None],
) -> str:
    """Draw lanes of scores, with a line through all lanes at each forwarded frame.

    Args:
        frames: all frames, at least one, in the order in which they came.
        lanes: lanes from top to bottom.
        strips: rows below the lanes, each a name and the indices of frames to mark.
        picture: function that returns the thumbnail of a frame by its index, JPEG.
        anchor: function that returns the id of the element that a forwarded frame's line links to,
            by index, or None.

    Returns:
        An SVG element.
    """
    frame_of = {frame.index: frame for frame in frames}
    start, duration = frames[0].stamp_ns, _duration(frames)

    def place(frame: DecidedFrame) -> float:
        return LEFT + _PLOT * float(np.clip((frame.stamp_ns - start) / duration, 0.0, 1.0))

    scored = [frame for frame in frames if frame.decision.scores is not None]
    across = np.array([place(frame) for frame in scored])
    film, top = _film(frames, picture)
    parts = [film]
    marks_top = top
    for lane in lanes:
        parts.append(_lane(lane, across, scored, top))
        top += LANE + GAP
    for name, chosen in strips:
        ticks = "".join(
            f"<line x1='{place(frame_of[i]):.1f}' x2='{place(frame_of[i]):.1f}' "
            f"y1='{top}' y2='{top + STRIP - 5}'/>"
            for i in chosen
        )
        parts.append(f"{_label(name, top + STRIP - 7)}<g class='ticks'>{ticks}</g>")
        top += STRIP
    marks = "".join(
        _mark(frame, place(frame), marks_top, top, anchor(frame.index))
        for frame in frames
        if frame.decision.forwarded
    )
    parts += [marks, _axis(duration / 1e9, top)]
    return (
        f"<svg class='timeline' viewBox='0 0 {WIDTH} {top + AXIS}' role='img' "
        f"aria-label='Scores over time'>{''.join(parts)}</svg>"
    )


def _duration(frames: Sequence[DecidedFrame]) -> int:
    return max(1, max(frame.stamp_ns for frame in frames) - frames[0].stamp_ns)


def _film(frames: Sequence[DecidedFrame], picture: Callable[[int], bytes]) -> tuple[str, int]:
    """Draw a row of evenly spaced frames; return it and its lower end."""
    width = _PLOT / FILM_TILES
    height = round(width * 0.62)
    tiles = []
    for tile in range(FILM_TILES):
        frame = frames[int((tile + 0.5) / FILM_TILES * len(frames))]
        source = base64.b64encode(picture(frame.index)).decode()
        tiles.append(
            f"<image x='{LEFT + tile * width + 1:.1f}' y='0' width='{width - 2:.1f}' "
            f"height='{height}' preserveAspectRatio='xMidYMid slice' "
            f"href='data:image/jpeg;base64,{source}'/>"
        )
    return "".join(tiles), height + GAP


def _lane(lane: Lane, across: np.ndarray, frames: Sequence[DecidedFrame], top: int) -> str:
    values = np.array(
        [lane.value(scores) for frame in frames if (scores := frame.decision.scores)], float
    )
    highest = lane.top or max(float(values.max(initial=0.0)), 1e-9)
    bottom = top + LANE

    def height(value: np.ndarray | float) -> np.ndarray:
        return bottom - LANE * np.clip(np.asarray(value) / highest, 0.0, 1.0)

    parts = [
        f"<rect class='lane' x='{LEFT}' y='{top}' width='{_PLOT}' height='{LANE}'/>",
        _label(lane.name, top + 15),
        f"<text class='tick' x='{LEFT - 8}' y='{top + 30}'>{lane.unit.format(highest)}</text>",
        f"<text class='tick' x='{LEFT - 8}' y='{bottom}'>0</text>",
    ]
    if values.size:
        columns, heights = _thinned(across, height(values))
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(columns, heights))
        area = f"{columns[0]:.1f},{bottom} {line} {columns[-1]:.1f},{bottom}"
        parts.append(f"<polygon class='area' points='{area}'/><polyline points='{line}'/>")
    if 0.0 < lane.floor <= highest:
        y = float(height(lane.floor))
        parts.append(
            f"<line class='floor' x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y:.1f}' y2='{y:.1f}'>"
            f"<title>floor {lane.floor:g}</title></line>"
        )
    return "".join(parts)


def _thinned(across: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at most two points for each pixel of width: the lowest and the highest."""
    if across.size <= 2 * _PLOT or (np.diff(across) < 0).any():
        return across, heights
    columns, first = np.unique(across.astype(int), return_index=True)
    low = np.minimum.reduceat(heights, first)
    high = np.maximum.reduceat(heights, first)
    return np.repeat(columns, 2), np.column_stack([low, high]).ravel()


def _mark(frame: DecidedFrame, x: float, top: int, bottom: int, anchor: str | None) -> str:
    forced = frame.decision.reason is Reason.MAX_GAP
    line = (
        f"<line class='mark{' forced' if forced else ''}' x1='{x:.1f}' x2='{x:.1f}' y1='{top}' "
        f"y2='{bottom}'/><line class='touch' x1='{x:.1f}' x2='{x:.1f}' y1='{top}' "
        f"y2='{bottom}'/><title>{escape(frame.name)}: {escape(frame.decision.sentence)}</title>"
    )
    return f"<a href='#{anchor}'>{line}</a>" if anchor else f"<g>{line}</g>"


def _axis(seconds: float, top: int) -> str:
    step = _round_step(seconds / 10.0)
    parts = []
    for number in range(int(seconds / step) + 1):
        x = LEFT + _PLOT * number * step / seconds
        parts.append(
            f"<line class='axis' x1='{x:.1f}' x2='{x:.1f}' y1='{top}' y2='{top + 5}'/>"
            f"<text class='time' x='{x:.1f}' y='{top + 19}'>{number * step:g} s</text>"
        )
    return "".join(parts)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is at least ``least``."""
    power = 10.0 ** np.floor(np.log10(max(least, 1e-9)))
    return float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= least * 0.999))


def _label(name: str, y: float) -> str:
    return f"<text class='name' x='{LEFT - 8}' y='{y}'>{escape(name)}</text>"
