"""What a run looks like in Rerun: its entities, and their arrangement on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable

APPLICATION = "mininet_ros"
TIMELINE = "time"
IMAGE, MASK = "camera/image", "camera/classes"
SHARES, SCORES = "shares", "scores"
KEYFRAME, REASON, MARK = "keyframe/image", "keyframe/reason", "keyframe/mark"

_MASK_OPACITY = 0.5
_MARK_COLOR = (240, 140, 20)


@dataclass(frozen=True)
class Curve:
    """A score that is drawn over time.

    Attributes:
        name: name of the score.
        title: words above the curve.
        color: RGB of the curve.
    """

    name: str
    title: str
    color: tuple[int, int, int]


CURVES = (
    Curve("relative", "Quality of the picture (1 is usual)", (86, 156, 214)),
    Curve("content", "New things of the wanted classes", (106, 176, 76)),
    Curve("motion", "Motion (image widths per frame)", (190, 120, 210)),
)
"""Curves of a keyframe selection, one plot each; keyframes are marked on the first."""


@dataclass(frozen=True)
class Layout:
    """What a run shows.

    Attributes:
        table: names and colours of the classes in masks; None without masks.
        keyframes: whether keyframes are chosen, with scores.
    """

    table: ClassTable | None
    keyframes: bool


class Scene:
    """Writes a run into a recording of Rerun.

    Stamps are shown as time since the first one.

    Args:
        stream: recording that is connected to a viewer or to a file.
        layout: what the run shows.
    """

    def __init__(self, stream: rr.RecordingStream, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout
        self._start_ns: int | None = None
        stream.set_log_time_enabled(False)
        stream.set_log_tick_enabled(False)
        if layout.table is not None:
            self._explain_classes(layout.table)
        if layout.keyframes:
            self._explain_curves()

    def picture(self, stamp_ns: int, jpeg: bytes) -> None:
        """Show a camera image, the content of a JPEG."""
        self._at(stamp_ns)
        self._stream.log(IMAGE, rr.EncodedImage(contents=jpeg, media_type="image/jpeg"))

    def mask(self, stamp_ns: int, mask: np.ndarray) -> None:
        """Show a mask (uint8 (H, W), class ids) over the image, and each class's share of it."""
        if self._layout.table is None:
            return
        self._at(stamp_ns)
        self._stream.log(MASK, rr.SegmentationImage(mask, opacity=_MASK_OPACITY))
        counts = np.bincount(mask.ravel(), minlength=IGNORE_LABEL + 1)
        shares = counts[: len(self._layout.table.names)] / max(1, mask.size)
        self._stream.log(SHARES, rr.Scalars(shares))

    def scores(self, stamp_ns: int, scores: Mapping[str, float]) -> None:
        """Draw the scores of a frame; those without a curve are passed over."""
        self._at(stamp_ns)
        for curve in CURVES:
            if curve.name in scores:
                self._stream.log(f"{SCORES}/{curve.name}", rr.Scalars(scores[curve.name]))

    def keyframe(self, stamp_ns: int, jpeg: bytes) -> None:
        """Show the image of a chosen frame, the content of a JPEG."""
        self._at(stamp_ns)
        self._stream.log(KEYFRAME, rr.EncodedImage(contents=jpeg, media_type="image/jpeg"))

    def reason(self, stamp_ns: int, sentence: str, quality: float | None) -> None:
        """Say why a frame was chosen, and mark it on the curve of the quality."""
        self._at(stamp_ns)
        self._stream.log(REASON, rr.TextDocument(sentence, media_type="text/markdown"))
        if quality is not None:
            self._stream.log(MARK, rr.Scalars(quality))

    def _at(self, stamp_ns: int) -> None:
        if self._start_ns is None:
            self._start_ns = stamp_ns
        since = np.timedelta64(stamp_ns - self._start_ns, "ns")
        self._stream.set_time(TIMELINE, duration=since)

    def _explain_classes(self, table: ClassTable) -> None:
        classes = [
            rr.AnnotationInfo(id=number, label=name, color=color)
            for number, (name, color) in enumerate(zip(table.names, table.colors, strict=True))
        ]
        void = rr.AnnotationInfo(id=IGNORE_LABEL, label="void", color=(0, 0, 0, 0))
        self._stream.log("/", rr.AnnotationContext([*classes, void]), static=True)
        lines = rr.SeriesLines(names=list(table.names), colors=list(table.colors))
        self._stream.log(SHARES, lines, static=True)

    def _explain_curves(self) -> None:
        for curve in CURVES:
            line = rr.SeriesLines(names=curve.name, colors=curve.color)
            self._stream.log(f"{SCORES}/{curve.name}", line, static=True)
        mark = rr.SeriesPoints(
            names="keyframe", colors=_MARK_COLOR, markers="circle", marker_sizes=5.0
        )
        self._stream.log(MARK, mark, static=True)


def blueprint(layout: Layout) -> rrb.Blueprint:
    """Return the arrangement: the camera first, keyframes beside it, curves below."""
    return rrb.Blueprint(
        _arranged(layout),
        rrb.TimePanel(state="collapsed", timeline=TIMELINE),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
    )


def _arranged(layout: Layout) -> rrb.Container | rrb.View:
    camera = rrb.Spatial2DView(origin="camera", name="Camera and classes")
    # Its legend is that of the classes in the picture, too.
    shares = rrb.TimeSeriesView(
        origin=SHARES, name="Share of each class", plot_legend=rrb.PlotLegend(visible=True)
    )
    if not layout.keyframes:
        return camera if layout.table is None else rrb.Horizontal(camera, shares)
    keyframe = rrb.Spatial2DView(origin="keyframe", name="Last keyframe")
    reason = rrb.TextDocumentView(origin=REASON, name="Why it was chosen")
    pictures = rrb.Horizontal(
        camera, rrb.Vertical(keyframe, reason, row_shares=[3, 1]), column_shares=[3, 2]
    )
    plots = rrb.Vertical(*(_plot(curve, number == 0) for number, curve in enumerate(CURVES)))
    curves = plots if layout.table is None else rrb.Horizontal(plots, shares)
    return rrb.Vertical(pictures, curves, row_shares=[4, 3])


def _plot(curve: Curve, marked: bool) -> rrb.View:
    entity = f"/{SCORES}/{curve.name}"
    return rrb.TimeSeriesView(
        origin="/",
        contents=[entity, f"/{MARK}"] if marked else [entity],
        name=curve.title,
        plot_legend=rrb.PlotLegend(visible=False),
    )
