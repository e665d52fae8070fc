"""Label pictures as datasets store them: class ids, palettes, or colours of classes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError

LABEL_SUFFIX = ".png"
"""Suffix of label pictures, in lower or upper case; other formats change the ids."""

_SIGNATURE_BYTES = 8
_GREY, _PALETTE = 0, 3
_SHOWN_COLOURS = 4
_BLACK = (0, 0, 0)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class LabelRules:
    """Meaning of the values in label pictures.

    Attributes:
        class_ids: class of each stored value, or 255; a stored 255 always means 255.
        colors: RGB colour of each class, for pictures in colours; empty if the colours are unknown.
    """

    class_ids: tuple[int, ...]
    colors: tuple[Colour, ...] = ()


def read_label_picture(path: Path, rules: LabelRules) -> np.ndarray:
    """Return the class ids of a label picture, uint8 (H, W), with 255 for void.

    - One channel of 8 bits holds the values of ``rules.class_ids``.
    - One channel of 1 bit holds 0 and 1.
    - A palette picture is read by index where the palette gives each index that occurs the colour
      of its class, or a grey of its own value; else by its colours.
    - Colours are those of ``rules.colors``; black is void, unless a class is black. Colours whose
      channels are equal everywhere, and are no colours of classes, are class ids.

    Args:
        path: path of a PNG.
        rules: meaning of the stored values.

    Raises:
        ImageError: the file cannot be read, or its content is not a label picture. The message is
            one sentence.
    """
    data, header = ImageDecoder().read(path)
    # OpenCV spreads values of fewer bits over 0 to 255.
    spread = 255 // ((1 << min(header.bits, 8)) - 1)
    palette = _palette_of(data)
    if palette is not None:
        indices = _decoded(_as_grey(data)) // spread
        if _agrees(palette, indices, rules):
            return _by_value(indices, rules)
        return _by_colour(palette[indices], rules)
    stored = _decoded(data)
    if stored.dtype != np.uint8:
        raise ImageError("no label mask", f"it has {stored.dtype} values: save it with 8 bits")
    if stored.ndim == 2:
        return _by_value(stored // spread, rules)
    return _by_colour(stored[..., 2::-1], rules)


def is_label_picture(path: Path) -> bool:
    """Return whether a file name is that of a label picture; hidden files are not."""
    return path.suffix.lower() == LABEL_SUFFIX and not path.name.startswith(".")


def _by_value(stored: np.ndarray, rules: LabelRules) -> np.ndarray:
    unknown = stored[(stored >= len(rules.class_ids)) & (stored != IGNORE_LABEL)]
    if unknown.size:
        values, counts = np.unique(unknown, return_counts=True)
        raise ImageError(
            "unknown label",
            f"it holds label {values[0]} ({counts[0]} pixels), but labels go from 0 to "
            f"{len(rules.class_ids) - 1}, and {IGNORE_LABEL} is void",
        )
    table = np.full(256, IGNORE_LABEL, np.uint8)
    table[: len(rules.class_ids)] = rules.class_ids
    return table[stored]


def _by_colour(rgb: np.ndarray, rules: LabelRules) -> np.ndarray:
    codes = rgb.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    found, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    known = {_BLACK: IGNORE_LABEL} | {color: index for index, color in enumerate(rules.colors)}
    colors = [(int(code) >> 16, int(code) >> 8 & 255, int(code) & 255) for code in found]
    unknown = [
        (color, int(count)) for color, count in zip(colors, counts, strict=True)
        if color not in known
    ]  # fmt: skip
    if not unknown:
        ids = np.array([known[color] for color in colors], np.uint8)
        return ids[inverse].reshape(rgb.shape[:2])
    if all(red == green == blue for red, green, blue in colors):
        return _by_value(np.ascontiguousarray(rgb[..., 0]), rules)
    unknown.sort(key=lambda entry: -entry[1])
    shown = ", ".join(f"{color} in {count} pixels" for color, count in unknown[:_SHOWN_COLOURS])
    more = len(unknown) - _SHOWN_COLOURS
    raise ImageError(
        "unknown colour",
        f"it holds colours that no class has: {shown}{f' and {more} more' if more > 0 else ''}; "
        "the classes' colours are RGB, and a JPEG changes them",
    )


def _agrees(palette: np.ndarray, indices: np.ndarray, rules: LabelRules) -> bool:
    """Return whether each index in use has its class's colour, or a grey of its own value."""
    used = [int(index) for index in np.unique(indices) if index != IGNORE_LABEL]
    if any(index >= len(rules.class_ids) for index in used):
        return False

    def colour_of(index: int) -> Colour | None:
        class_id = rules.class_ids[index]
        return rules.colors[class_id] if class_id < len(rules.colors) else None

    by_class = all(colour_of(index) in (None, tuple(palette[index].tolist())) for index in used)
    by_grey = all(tuple(palette[index].tolist()) == (index,) * 3 for index in used)
    return by_class or by_grey


def _decoded(data: bytes) -> np.ndarray:
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        picture = None
    if picture is None:
        raise ImageError("undecodable", "it cannot be decoded: it is damaged or cut short")
    return picture


def _palette_of(data: bytes) -> np.ndarray | None:
    """Return the 256 RGB colours of a palette PNG, uint8 (256, 3); None for other pictures."""
    for name, content in _chunks(data):
        if name == b"IHDR" and content[9] != _PALETTE:
            return None
        if name == b"PLTE":
            palette = np.zeros((256, 3), np.uint8)
            given = np.frombuffer(content[: len(content) // 3 * 3], np.uint8).reshape(-1, 3)
            palette[: len(given)] = given[:256]
            return palette
    return None


def _as_grey(data: bytes) -> bytes:
    """Return a palette PNG as a grey one, whose values are the indices."""
    parts = [data[:_SIGNATURE_BYTES]]
    for name, content in _chunks(data):
        if name == b"IHDR":
            content = content[:9] + bytes([_GREY]) + content[10:]
        if name in (b"IHDR", b"IDAT", b"IEND"):
            checksum = zlib.crc32(content, zlib.crc32(name))
            parts.append(struct.pack(">I", len(content)) + name + content)
            parts.append(struct.pack(">I", checksum))
    return b"".join(parts)


def _chunks(data: bytes) -> Sequence[tuple[bytes, bytes]]:
    """Yield names and contents of a PNG's chunks; none for other formats."""
    chunks = []
    place = _SIGNATURE_BYTES
    is_png = data.startswith(b"\x89PNG\r\n\x1a\n")
    while is_png and place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        chunks.append((name, data[place + 8 : place + 8 + length]))
        place += 12 + length
    return chunks
