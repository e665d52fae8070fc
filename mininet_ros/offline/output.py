"""Output files of a selection: chosen frames, their masks, and a table of all frames."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.escaping import as_cell
from mininet_ros.keyframes import Outcome
from mininet_ros.keyframes.cues.scores import COLUMNS, score_texts
from mininet_ros.offline.exif import exif_of, with_exif
from mininet_ros.offline.selection import DecidedFrame
from mininet_ros.sequences import LabelledFrame
from mininet_ros.sequences.sequence import frame_name

TABLE = "keyframes.csv"
REPORT = "report.html"
IMAGES, MASKS = "images", "masks"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")  # COLMAP's lists separate names by spaces
_LONGEST_NAME = 255  # bytes, on the usual file systems
ENTRIES = (IMAGES, MASKS, TABLE, REPORT)
"""Files and folders of a selection in its folder."""

_COLUMNS = (
    "index", "name", "stamp", "forwarded", "reason", "sentence", "worth", "requested_stamp",
    *COLUMNS, "jpeg_bytes", "mask_bytes", "team", "image", "mask",
)  # fmt: skip


class Layout(str, Enum):
    """Layout of a selection's output folder.

    Attributes:
        FOLDER: pictures under their frames' names, with masks of class ids beside them.
        COLMAP: ``images/`` as COLMAP needs it: names without spaces, sorted like the frames. There
            are no masks, because COLMAP would ignore the pixels of class 0 and use the rest.
    """

    FOLDER = "folder"
    COLMAP = "colmap"


class OutputFolder:
    """Output files of one selection, in a folder that is empty at first.

    Args:
        folder: existing folder; see :class:`mininet_ros.results.ResultFolder`.
        jpeg_quality: JPEG quality of the chosen frames, which keep the EXIF data of their source.
            None writes them unchanged: the bytes of the image file or compressed message, else the
            pixels as PNG.
        layout: naming of pictures, and whether masks are written.
    """

    def __init__(
        self,
        folder: Path,
        jpeg_quality: int | None = None,
        layout: Layout = Layout.FOLDER,
    ) -> None:
        self.folder = folder
        self._jpeg_quality = jpeg_quality
        self._layout = layout
        self._written: dict[int, tuple[str, str]] = {}
        (folder / IMAGES).mkdir()
        if layout is Layout.FOLDER:
            (folder / MASKS).mkdir()

    def write(self, index: int, labelled: LabelledFrame) -> None:
        """Write a chosen frame and its mask.

        Raises:
            OSError: a file cannot be written.
        """
        content, suffix = self._content(labelled)
        image = f"{IMAGES}/{self._name(index, labelled.frame.name, suffix)}"
        (self.folder / image).write_bytes(content)
        mask = ""
        if labelled.mask is not None and self._layout is Layout.FOLDER:
            mask = f"{MASKS}/{labelled.frame.name}.png"
            (self.folder / mask).write_bytes(_encode(".png", labelled.mask))
        self._written[index] = image, mask

    def write_table(self, frames: Iterable[DecidedFrame], team: Mapping[int, Outcome]) -> Path:
        """Write one row for each frame.

        Args:
            frames: all frames, in the order in which they came.
            team: outcome of forwarded frames under the byte budget, by index.

        Returns:
            Path of the table. Its stamps are seconds with nine decimals.
        """
        path = self.folder / TABLE
        with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            table = csv.DictWriter(file, _COLUMNS, restval="", lineterminator="\n")
            table.writeheader()
            for frame in frames:
                table.writerow(self._row(frame, team.get(frame.index)))
        return path

    def write_report(self, document: str) -> None:
        """Write the report."""
        (self.folder / REPORT).write_text(document, encoding="utf-8", errors="backslashreplace")

    def _row(self, frame: DecidedFrame, outcome: Outcome | None) -> dict[str, object]:
        decision = frame.decision
        image, mask = self._written.get(frame.index, ("", ""))
        row: dict[str, object] = {
            "index": frame.index,
            "name": as_cell(frame.name),
            "stamp": stamp_text(frame.stamp_ns),
            "forwarded": int(decision.forwarded),
            "reason": decision.reason.value,
            "sentence": as_cell(decision.sentence),
            "worth": f"{decision.worth:.6g}",
            "jpeg_bytes": frame.payload.jpeg_bytes,
            "mask_bytes": frame.payload.mask_bytes,
            "team": outcome.value if outcome else "",
            "image": image,
            "mask": mask,
        }
        if decision.request_ns is not None:
            row["requested_stamp"] = stamp_text(decision.request_ns)
        if decision.scores is not None:
            row |= score_texts(decision.scores)
        return row

    def _name(self, index: int, name: str, suffix: str) -> str:
        if self._layout is Layout.FOLDER or name == frame_name(index):
            return f"{name}{suffix}"
        safe = f"{index:06d}_{_UNSAFE.sub('_', name)}"
        return f"{safe[: _LONGEST_NAME - len(suffix)]}{suffix}"

    def _content(self, labelled: LabelledFrame) -> tuple[bytes, str]:
        frame = labelled.frame
        if self._jpeg_quality is not None:
            jpeg = _encode(".jpg", frame.image, self._jpeg_quality)
            exif = exif_of(frame.encoded.data) if frame.encoded is not None else None
            return (jpeg if exif is None else with_exif(jpeg, exif)), ".jpg"
        if frame.encoded is not None:
            return frame.encoded.data, frame.encoded.suffix
        return _encode(".png", frame.image), ".png"


def stamp_text(stamp_ns: int) -> str:
    """Return a stamp as seconds with nine decimals, exactly."""
    sign = "-" if stamp_ns < 0 else ""
    return f"{sign}{abs(stamp_ns) // 10**9}.{abs(stamp_ns) % 10**9:09d}"


def _encode(suffix: str, picture: np.ndarray, quality: int | None = None) -> bytes:
    options = [] if quality is None else [cv2.IMWRITE_JPEG_QUALITY, quality]
    return cv2.imencode(suffix, np.ascontiguousarray(picture), options)[1].tobytes()
