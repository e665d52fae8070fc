"""Videos of any times, as browsers record them: no rate in the header, no duration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np


def write_matroska(path: Path, images: Sequence[np.ndarray], times_ms: Sequence[int]) -> Path:
    """Write Motion JPEG in Matroska, each picture at its time."""
    height, width = images[0].shape[:2]
    video = element("E0", element("B0", number(width)) + element("BA", number(height)))
    track = (
        element("D7", number(1))
        + element("73C5", number(1))
        + element("83", number(1))
        + element("86", b"V_MJPEG")
        + video
    )
    clusters = b"".join(
        element(
            "1F43B675",
            element("E7", number(time_ms))
            + element("A3", b"\x81\0\0\x80" + cv2.imencode(".jpg", image)[1].tobytes()),
        )
        for image, time_ms in zip(images, times_ms, strict=True)
    )
    info = element("1549A966", element("2AD7B1", number(1_000_000)) + element("4D80", b"test"))
    header = element("1A45DFA3", element("4282", b"matroska") + element("4287", number(4)))
    segment = element("18538067", info + element("1654AE6B", element("AE", track)) + clusters)
    path.write_bytes(header + segment)
    return path


def element(name: str, content: bytes) -> bytes:
    return bytes.fromhex(name) + b"\x01" + len(content).to_bytes(7, "big") + content


def number(value: int) -> bytes:
    return value.to_bytes(8, "big")
