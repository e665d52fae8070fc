"""Record of a keyframe selection: forwarded frames, reasons, and every N-th frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.drawing import contact_sheet, with_legend
from mininet_ros.keyframes.selection.decisions import Reason
from mininet_ros.keyframes.selection.reasons import TITLES
from mininet_ros.nodes.recorder.recording import KEYFRAMES

UNANSWERED = "unanswered_request"
_TILE_WIDTH = 320
_COLUMNS = 4
_MAX_TILES = 16
_THUMBNAIL_QUALITY = 85


class KeyframeRecording:
    """Collects decisions and small pictures, and draws them on one sheet.

    Pictures are held as JPEGs of about 15 kB each, so that a minute of them stays below 30 MB.

    Args:
        table: classes that a legend below the sheet explains; None for no legend.
    """

    def __init__(self, table: ClassTable | None = None) -> None:
        self._table = table
        self._decisions: dict[int, Mapping[str, str]] = {}
        self._received = 0  # images, as counted by the selector
        self._thumbnails: dict[int, np.ndarray] = {}
        self._team_frames = 0
        self._team_bytes = 0

    def add_decision(self, stamp_ns: int, values: Mapping[str, str]) -> None:
        """Add the selector's report on a frame: its scores, ``forwarded`` and ``reason``."""
        if values["reason"] != UNANSWERED:  # reports on a request, not on a frame
            self._decisions[stamp_ns] = values

    def add_report(self, values: Mapping[str, str]) -> None:
        """Add the diagnostics of the selector."""
        self._received = int(values.get("received", self._received))

    @property
    def seen(self) -> int:
        """Number of frames that the selector has reported."""
        return len(self._decisions)

    def add_picture(self, stamp_ns: int, picture_bgr: np.ndarray) -> None:
        """Keep a small copy of a frame, uint8 (H, W, 3), BGR."""
        height = round(picture_bgr.shape[0] * _TILE_WIDTH / picture_bgr.shape[1])
        small = cv2.resize(picture_bgr, (_TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
        quality = [cv2.IMWRITE_JPEG_QUALITY, _THUMBNAIL_QUALITY]
        self._thumbnails[stamp_ns] = cv2.imencode(".jpg", small, quality)[1]

    def add_team_message(self, size: int, is_image: bool) -> None:
        """Count a message for team mates of ``size`` bytes; each frame has one image."""
        self._team_frames += is_image
        self._team_bytes += size

    def summary(self, published: int) -> dict[str, object]:
        """Return the figures: frames reported, forwarded, by reason, and bytes for the team.

        ``camera_bytes`` is the size of the same frames as raw colour images. Frames without a
        report are divided into ``not_received``, which never reached the selector, and
        ``not_told``, which did.

        Args:
            published: number of images that the camera published.
        """
        reasons = Counter(values["reason"] for values in self._decisions.values())
        return {
            "seen": self.seen,
            "not_received": max(0, published - self._received),
            "not_told": max(0, min(self._received, published) - self.seen),
            "forwarded": len(self._forwarded()),
            "reasons": dict(reasons.most_common()),
            "team_frames": self._team_frames,
            "team_bytes": self._team_bytes,
            "camera_bytes": sum(
                3 * int(values.get("width", 0)) * int(values.get("height", 0))
                for values in self._decisions.values()
            ),
        }

    def write_sheet(self, folder: Path) -> None:
        """Draw the forwarded frames, and as many evenly spaced ones; nothing without a picture."""
        forwarded = self._forwarded()[:_MAX_TILES]
        if not forwarded or not self._thumbnails:
            return
        start_ns = min(self._decisions)
        stamps = sorted(self._thumbnails)
        evenly = [
            stamps[int((number + 0.5) * len(stamps) / len(forwarded))]
            for number in range(len(forwarded))
        ]
        sheets = []
        count = len(forwarded)
        for title, chosen in (
            (f"Chosen by the selector: {count} frames", forwarded),
            (f"For comparison: {count} frames at even distances", evenly),
        ):
            tiles = [self._picture(stamp_ns) for stamp_ns in chosen]
            captions = [self._caption(stamp_ns, start_ns) for stamp_ns in chosen]
            sheets.append(contact_sheet(tiles, captions, _COLUMNS))
            sheets[-1] = np.vstack((_title(title, sheets[-1].shape[1]), sheets[-1]))
        sheet = np.vstack(sheets)
        if self._table is not None:
            sheet = with_legend(sheet, self._table)
        (folder / KEYFRAMES).write_bytes(cv2.imencode(".png", sheet)[1].tobytes())

    def _forwarded(self) -> list[int]:
        return sorted(
            stamp_ns for stamp_ns, values in self._decisions.items() if values["forwarded"] == "1"
        )

    def _picture(self, stamp_ns: int) -> np.ndarray:
        """Return the picture of a frame, or of the nearest frame that has one."""
        nearest = min(self._thumbnails, key=lambda other: abs(other - stamp_ns))
        return ImageDecoder().encoded(self._thumbnails[nearest])

    def _caption(self, stamp_ns: int, start_ns: int) -> str:
        """Return two lines: the time and the decision, then what it rests on."""
        values = self._decisions.get(stamp_ns, {})
        figures = []
        if "relative" in values:
            figures.append(f"quality {100 * float(values['relative']):.0f} % of usual")
        if float(values.get("content", 0)) > 0:
            figures.append(f"new things that are wanted: {float(values['content']):.1f}")
        seconds = (stamp_ns - start_ns) / 1e9
        return f"{seconds:.1f} s: {_in_words(values)}\n{', '.join(figures)}"


def _in_words(values: Mapping[str, str]) -> str:
    """Return the decision on a frame in words, from the selector's report on it."""
    reason = values.get("reason")
    if reason is None:
        return "not seen by the selector"
    try:
        return TITLES[Reason(reason)]
    except ValueError:  # of the node, which had no decision of the selector
        return reason.replace("_", " ")


def _title(text: str, width: int) -> np.ndarray:
    strip = np.full((34, width, 3), 235, np.uint8)
    cv2.putText(strip, text, (6, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 2, cv2.LINE_AA)
    return strip
