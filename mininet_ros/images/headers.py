"""Headers of encoded pictures, read before anything is decoded."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from mininet_ros.images.encodings import ImageError

ReadAt = Callable[[int, int], bytes]
"""Returns up to ``count`` bytes from ``offset``: (offset, count) -> bytes."""

UPRIGHT = 1
"""EXIF orientation of a picture that is shown as it is stored."""

_NOT_READ = (
    (0, b"GIF8", "GIF"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"II\x2b\0", "BigTIFF"),
    (0, b"MM\0\x2b", "BigTIFF"),
    (0, b"\x59\xa6\x6a\x95", "Sun raster"),
    (0, b"Pf", "PFM"),
    (0, b"PF", "PFM"),
    (0, b"P7", "PAM"),
    (0, b"qoif", "QOI"),
    (0, b"%PDF", "PDF"),
    (0, b"\0\0\0\x01", "H.264 or H.265 video"),
)
_STANDALONE_MARKERS = {0x01, *range(0xD0, 0xD8)}
_FRAME_MARKERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_JPEG_SEGMENTS = 4096
_TIFF_TYPES = {1: "B", 3: "H", 4: "I"}
_MAX_TIFF_ENTRIES = 4096
_MAX_TIFF_VALUES = 16
_ORIENTATION, _FLOATING = 0x0112, 3


@dataclass(frozen=True)
class ImageHeader:
    """Properties of an encoded picture, from its header.

    Attributes:
        kind: name of the format, such as JPEG.
        width, height: size of the stored picture, px.
        channels: 1 for grey, 3 or 4 for colour; 3 where the header does not state it.
        bits: number of bits of a channel.
        orientation: EXIF orientation, 1 to 8; 1 where there is none.
    """

    kind: str
    width: int
    height: int
    channels: int = 3
    bits: int = 8
    orientation: int = UPRIGHT


def read_header(read: ReadAt) -> ImageHeader:
    """Read the header of a JPEG, PNG, WebP, BMP, TIFF or PNM picture.

    Args:
        read: function that returns bytes of the picture.

    Raises:
        ImageError: the format is another one, which is named if it is known, or the header is
            damaged.
    """
    start = read(0, 32)
    parse = None
    for magic, parser in _PARSERS:
        if re.match(magic, start, re.DOTALL):
            parse = parser
    if parse is None:
        raise _unknown_format(start)
    try:
        header = parse(read)
    except ImageError:
        raise
    except (struct.error, LookupError, ValueError) as error:
        raise ImageError(
            "undecodable", "the picture's header is damaged or cut short: replace the picture"
        ) from error
    if header.bits < 1:
        raise ImageError("undecodable", "the picture's header is damaged: channels without bits")
    if header.width < 1 or header.height < 1:
        raise ImageError(
            "empty image", f"the image is empty: {header.width}x{header.height} pixels"
        )
    return header


def bytes_of(data: bytes | memoryview) -> ReadAt:
    """Return a function that reads from a picture in memory, without copying all of it."""
    view = memoryview(data)
    return lambda offset, count: bytes(view[offset : offset + count])


def _unknown_format(start: bytes) -> ImageError:
    for offset, magic, name in _NOT_READ:
        if start[offset:].startswith(magic):
            return ImageError(
                "unknown format", f"{name} is not read here: send or convert to JPEG or PNG"
            )
    shown = start[:8].hex(" ") or "nothing"
    return ImageError(
        "undecodable",
        f"the data are no JPEG, PNG, WebP, BMP, TIFF or PNM picture: they begin with {shown}",
    )


def _jpeg(read: ReadAt) -> ImageHeader:
    offset, orientation = 2, UPRIGHT
    for _ in range(_MAX_JPEG_SEGMENTS):
        filler, marker = read(offset, 2)
        if filler != 0xFF:
            raise ValueError("no marker")
        if marker == 0xFF:  # fill bytes may precede a marker
            offset += 1
            continue
        if marker in _STANDALONE_MARKERS:
            offset += 2
            continue
        (length,) = struct.unpack(">H", read(offset + 2, 2))
        if marker in _FRAME_MARKERS:
            bits, height, width, channels = struct.unpack(">BHHB", read(offset + 4, 6))
            return ImageHeader("JPEG", width, height, channels, bits, orientation)
        if marker == 0xE1:
            orientation = _exif_orientation(read, offset + 4) or orientation
        if marker in (0xD9, 0xDA):
            break
        offset += 2 + max(length, 2)
    raise ValueError("no frame")


def _exif_orientation(read: ReadAt, offset: int) -> int:
    """Return the orientation in an APP1 segment; 0 where it has none, or is not EXIF."""
    if read(offset, 6) != b"Exif\0\0":
        return 0
    begin = offset + 6
    try:
        tags = _tiff_tags(lambda place, count: read(begin + place, count), {_ORIENTATION})
    except (struct.error, ValueError):
        return 0  # a damaged EXIF block does not affect the picture
    found = tags.get(_ORIENTATION, (UPRIGHT,))[0]
    return found if 1 <= found <= 8 else 0


def _png(read: ReadAt) -> ImageHeader:
    width, height, bits, colour = struct.unpack(">IIBB", read(16, 10))
    # OpenCV allocates as many bytes as a chunk claims, up to 2 GB, before it reads them.
    offset, name = 8, b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", read(offset, 8))
        offset += 12 + length
        if not read(offset - 1, 1):
            raise ValueError("a chunk ends beyond the file")
    return ImageHeader("PNG", width, height, 1 if colour == 0 else 3, bits)


def _webp(read: ReadAt) -> ImageHeader:
    kind = read(12, 4)
    if kind == b"VP8X":
        low = struct.unpack("<HBHB", read(24, 6))
        return ImageHeader("WebP", (low[0] | low[1] << 16) + 1, (low[2] | low[3] << 16) + 1)
    if kind == b"VP8L":
        (packed,) = struct.unpack("<I", read(21, 4))
        return ImageHeader("WebP", (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack("<HH", read(26, 4))
    return ImageHeader("WebP", width & 0x3FFF, height & 0x3FFF)


def _bmp(read: ReadAt) -> ImageHeader:
    (size,) = struct.unpack("<I", read(14, 4))
    if size == 12:  # OS/2
        width, height = struct.unpack("<HH", read(18, 4))
    else:
        width, height = struct.unpack("<ii", read(18, 8))
    return ImageHeader("BMP", width, abs(height))  # a negative height means rows from top to bottom


def _tiff(read: ReadAt) -> ImageHeader:
    tags = _tiff_tags(read, {256, 257, 258, 277, 339, _ORIENTATION})
    bits = max(tags.get(258, (1,)))
    if _FLOATING in tags.get(339, ()):
        raise ImageError(
            "unknown format",
            f"the TIFF holds floating-point values of {bits} bits: convert to 8 or 16 bit integers",
        )
    channels = tags.get(277, (1,))[0]
    orientation = tags.get(_ORIENTATION, (UPRIGHT,))[0]
    return ImageHeader("TIFF", tags[256][0], tags[257][0], channels, bits, orientation)


def _tiff_tags(read: ReadAt, wanted: set[int]) -> dict[int, tuple[int, ...]]:
    """Return the values of unsigned integer tags of the first directory of a TIFF structure."""
    order = {b"II": "<", b"MM": ">"}.get(read(0, 2))
    if order is None:
        raise ValueError("no byte order")
    (directory,) = struct.unpack(f"{order}I", read(4, 4))
    (count,) = struct.unpack(f"{order}H", read(directory, 2))
    if count > _MAX_TIFF_ENTRIES:
        raise ValueError("too many tags")
    values = {}
    for index in range(count):
        entry = read(directory + 2 + 12 * index, 12)
        tag, kind, number = struct.unpack_from(f"{order}HHI", entry)
        if tag not in wanted or kind not in _TIFF_TYPES or not 0 < number <= _MAX_TIFF_VALUES:
            continue
        form = f"{order}{number}{_TIFF_TYPES[kind]}"
        size = struct.calcsize(form)
        content = entry[8:12]
        if size > 4:
            content = read(struct.unpack(f"{order}I", content)[0], size)
        values[tag] = struct.unpack(form, content[:size])
    return values


def _pnm(read: ReadAt) -> ImageHeader:
    text = re.sub(rb"#[^\r\n]*", b"", read(0, 1024))
    words = text.split(maxsplit=3)
    channels = 3 if words[0] in (b"P3", b"P6") else 1
    return ImageHeader("PNM", int(words[1]), int(words[2]), channels)


_PARSERS: tuple[tuple[bytes, Callable[[ReadAt], ImageHeader]], ...] = (
    (rb"\xff\xd8\xff", _jpeg),
    (rb"\x89PNG\r\n\x1a\n....IHDR", _png),
    (rb"RIFF....WEBP", _webp),
    (rb"BM", _bmp),
    (rb"II\x2a\x00|MM\x00\x2a", _tiff),
    (rb"P[1-6]\s", _pnm),
)
