"""Record of a segmented stream: pictures, figures, and the outcome of each image."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.drawing import contact_sheet, legend, with_legend
from mininet_ros.nodes.common.recent_values import quantile
from mininet_ros.nodes.recorder.bag import BAG
from mininet_ros.nodes.recorder.film import FILM, Film

SUMMARY = "summary.json"
SHEET = "contact_sheet.png"
PICTURES = "overlays"
KEYFRAMES = "keyframes.png"
RECORDED = (SUMMARY, SHEET, PICTURES, KEYFRAMES, BAG, FILM)
"""Files and folders of a recording in its folder."""

# Counts of a segmentation node for images that it received and did not segment.
ACCOUNTED = ("replaced", "skipped", "rejected", "failed")

# Other values in the diagnostics of a segmentation node.
RUNNING = ("model", "network", "backend", "runtime", "device")

_SHEET_TILES = 12
_SHEET_COLUMNS = 4
_TILE_WIDTH = 320


class Recording:
    """Collects a run and writes it to a folder.

    Pictures are thinned during the run: at most ``max_pictures`` are kept, evenly spaced over the
    whole run, however long it is.

    Args:
        folder: an empty folder; see :class:`mininet_ros.results.ResultFolder`.
        max_pictures: largest number of pictures to keep; 0 for none.
        table: classes that a legend below each picture explains; None for no legend.
        film: film of all pictures; None for none.
    """

    def __init__(
        self,
        folder: Path,
        max_pictures: int,
        table: ClassTable | None = None,
        film: Film | None = None,
    ) -> None:
        self._table = table
        self._film = film
        self._folder = folder
        self._max_pictures = max_pictures
        self._interval = 1  # every N-th overlay is kept
        self._overlays = 0
        self._pictures: dict[Path, int] = {}  # path and stamp of each
        self._images: list[int] = []  # stamps, nanoseconds
        self._masks: list[tuple[float, float]] = []  # arrival and latency, seconds
        self._node_before: Mapping[str, str] = {}
        self._node: Mapping[str, str] = {}
        self._stream: Mapping[str, str] = {}
        (folder / PICTURES).mkdir()

    @property
    def images(self) -> int:
        """Number of images that were announced."""
        return len(self._images)

    @property
    def published(self) -> int:
        """Number of images that the camera published, as far as it can be known."""
        watched_throughout = (
            bool(self._images)
            and self._stream.get("first_stamp_ns") == str(self._images[0])
            and self._stream.get("finished") == "true"
        )
        return int(self._stream["published"]) if watched_throughout else len(self._images)

    @property
    def masks(self) -> int:
        """Number of masks that arrived."""
        return len(self._masks)

    def add_image(self, stamp_ns: int) -> None:
        """Note that an image with this stamp was published."""
        self._images.append(stamp_ns)

    def add_mask(self, arrival_s: float, latency_s: float) -> None:
        """Note that a mask arrived.

        Args:
            arrival_s: time of arrival, in seconds of a monotonic clock.
            latency_s: time since the stamp of its image, seconds.
        """
        self._masks.append((arrival_s, latency_s))

    def add_node_report(self, values: Mapping[str, str]) -> None:
        """Add the diagnostics of the segmentation node; add the first ones early, as a baseline."""
        self._node_before = self._node_before or values
        self._node = values

    def add_stream_report(self, values: Mapping[str, str]) -> None:
        """Add the diagnostics of the image stream."""
        self._stream = values

    def add_overlay(self, stamp_ns: int, overlay_bgr: np.ndarray) -> None:
        """Film a picture (uint8 (H, W, 3), BGR), and keep it if it is one of the spaced ones."""
        number = self._overlays
        self._overlays += 1
        is_kept = self._max_pictures > 0 and number % self._interval == 0
        if self._film is None and not is_kept:
            return
        explained = self._explained(overlay_bgr)
        if self._film is not None:
            self._film.add(stamp_ns, explained)
        if not is_kept:
            return
        path = self._folder / PICTURES / f"{number:06d}.jpg"
        path.write_bytes(cv2.imencode(path.suffix, explained)[1].tobytes())
        self._pictures[path] = stamp_ns
        if len(self._pictures) > self._max_pictures:
            self._interval *= 2
            for dropped in list(self._pictures)[1::2]:
                dropped.unlink()
                del self._pictures[dropped]

    def summary(self, complete: bool) -> dict[str, object]:
        """Return the figures of the run.

        ``published`` is the stream's own final count. Where there is none, or the stream had begun
        earlier, it is the number of images announced by their calibration. Of these images,
        ``masks`` were segmented and arrived. ``replaced``, ``skipped``, ``rejected`` and ``failed``
        reached the segmentation node, by its own counts. The rest is ``lost``, on the way to the
        node or as masks on the way back. ``latency_ms`` is the time from the stamp of an image to
        the arrival of its mask here; ``inference_ms`` is the node's own median over its last
        seconds.

        Args:
            complete: whether the stream has ended and all its masks had time to arrive. Otherwise
                ``lost`` includes images on their way and those that the node has not reported yet.
        """
        accounted = {
            name: int(self._node.get(name, 0)) - int(self._node_before.get(name, 0))
            for name in ACCOUNTED
        }
        published = self.published
        latencies_s = [latency for _, latency in self._masks]
        return {
            "published": published,
            "masks": len(self._masks),
            "lost": published - len(self._masks) - sum(accounted.values()),
            **accounted,
            "rate_hz": _number(self._rate_hz()),
            "latency_ms": {
                "median": _number(1e3 * quantile(latencies_s, 0.5)),
                "p95": _number(1e3 * quantile(latencies_s, 0.95)),
            },
            "inference_ms": _number(float(self._node.get("inference_median_ms", math.nan))),
            "first_mask_monotonic_s": self._masks[0][0] if self._masks else None,
            **{name: self._node.get(name) for name in RUNNING},
            "complete": complete,
        }

    def write(
        self, complete: bool, sections: Mapping[str, object] | None = None
    ) -> dict[str, object]:
        """Write ``summary.json`` (with ``sections``) and the contact sheet; return the summary."""
        summary = {**self.summary(complete), **(sections or {})}
        (self._folder / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        if self._pictures:
            self._write_sheet()
        return summary

    def _write_sheet(self) -> None:
        pictures = list(self._pictures.items())
        count = min(_SHEET_TILES, len(pictures))
        chosen = [pictures[number * len(pictures) // count] for number in range(count)]
        start_ns = self._images[0] if self._images else chosen[0][1]
        decoder = ImageDecoder()
        tiles = [
            _fit_width(self._bare(decoder.encoded(path.read_bytes())), _TILE_WIDTH)
            for path, _ in chosen
        ]
        captions = [f"{(stamp_ns - start_ns) / 1e9:.1f} s" for _, stamp_ns in chosen]
        sheet = self._explained(contact_sheet(tiles, captions, _SHEET_COLUMNS))
        (self._folder / SHEET).write_bytes(cv2.imencode(".png", sheet)[1].tobytes())

    def _explained(self, picture: np.ndarray) -> np.ndarray:
        return picture if self._table is None else with_legend(picture, self._table)

    def _bare(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture without its legend."""
        if self._table is None:
            return picture
        return picture[: -legend(self._table, picture.shape[1]).shape[0]]

    def _rate_hz(self) -> float:
        if len(self._masks) < 2:
            return math.nan
        return (len(self._masks) - 1) / (self._masks[-1][0] - self._masks[0][0])


def _fit_width(image: np.ndarray, width: int) -> np.ndarray:
    height = round(image.shape[0] * width / image.shape[1])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def _number(value: float) -> float | None:
    """Return a number for JSON, which has no nan."""
    return None if math.isnan(value) else round(value, 3)
