"""Image messages that contradict themselves, as hypothesis strategies; no ROS types."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
from hypothesis import strategies as st

ENCODINGS = (
    "bgr8", "rgb8", "bgra8", "rgba8", "mono8", "8UC1", "8UC3", "8UC4", "bgr16", "rgb16", "bgra16",
    "rgba16", "mono16", "yuv422", "uyvy", "yuv422_yuy2", "yuyv", "nv12", "nv21", "nv24",
    "bayer_rggb8", "bayer_bggr8", "bayer_gbrg16", "bayer_grbg16", "16UC1", "32FC1", "64FC1",
    "8UC2", "16SC3", "32SC4", "RGB8", "", "bayer_rggb12", "jpeg",
)  # fmt: skip
FORMATS = (
    "jpeg", "png", "bgr8; jpeg compressed bgr8", "mono8; png compressed ", "16UC1; png compressed",
    "32FC1; compressedDepth png", "bayer_rggb8; png compressed ", "h264", "webp", "",
)  # fmt: skip
SUFFIXES = (".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm")


def pictures(width: int = 24, height: int = 16) -> list[bytes]:
    """A small picture in every format that is read."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    deep = noise.astype(np.uint16) * 257
    encoded = [cv2.imencode(suffix, noise)[1].tobytes() for suffix in SUFFIXES]
    encoded += [cv2.imencode(suffix, deep)[1].tobytes() for suffix in (".png", ".tiff")]
    encoded += [cv2.imencode(".png", noise[..., 0])[1].tobytes()]
    return encoded


PICTURES = pictures()


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    """Bytes with a few of them flipped, cut off, repeated or taken out; headers most often."""
    changed = bytearray(data)
    reach = len(changed) if random.random() < 0.5 else min(len(changed), 128)
    for _ in range(int(random.integers(1, 9))):
        changed[int(random.integers(reach))] = int(random.integers(256))
    kind = random.random()
    place, length = int(random.integers(len(changed))), int(random.integers(1, 64))
    if kind < 0.15:
        return bytes(changed[:place])
    if kind < 0.25:
        return bytes(changed[:place] + changed[place : place + length] + changed[place:])
    if kind < 0.35:
        return bytes(changed[:place] + changed[place + length :])
    return bytes(changed)


@st.composite
def raw_messages(draw: st.DrawFn) -> SimpleNamespace:
    """A raw image whose fields fit each other, or not at all."""
    encoding = draw(st.sampled_from(ENCODINGS) | st.text(max_size=12))
    size = st.integers(0, 40) | st.sampled_from((1 << 16, (1 << 31) - 1, (1 << 32) - 1))
    width, height = draw(size), draw(size)
    step = draw(st.sampled_from((width, 2 * width, 3 * width, 4 * width, 8 * width)) | size)
    wanted = min(step * height, 1 << 14)
    length = draw(st.just(wanted) | st.integers(0, 1 << 12))
    return SimpleNamespace(
        data=np.frombuffer(
            draw(st.binary(min_size=16, max_size=16)) * (length // 16 + 1), np.uint8
        )[:length],
        encoding=encoding,
        width=width,
        height=height,
        step=min(step, (1 << 32) - 1),
        is_bigendian=draw(st.integers(0, 255)),
    )


@st.composite
def compressed_messages(draw: st.DrawFn) -> SimpleNamespace:
    """A compressed image: whole, damaged or nonsense, of a format that is right or wrong."""
    data = draw(st.sampled_from(PICTURES) | st.binary(max_size=200))
    if data and draw(st.booleans()):
        data = damaged(data, np.random.default_rng(draw(st.integers(0, 1 << 30))))
    stated = draw(st.sampled_from(FORMATS) | st.text(max_size=12))
    return SimpleNamespace(data=np.frombuffer(data, np.uint8), format=stated)


bad_messages = raw_messages() | compressed_messages()
