"""EXIF data of JPEG files: read from one file and inserted into another."""

from __future__ import annotations

import struct

_START, _APP1, _SCAN, _END = 0xD8, 0xE1, 0xDA, 0xD9
_MARK = b"Exif\x00\x00"
_ORIENTATION = 0x0112
_UPRIGHT = 1


def exif_of(jpeg: bytes) -> bytes | None:
    """Return the EXIF segment of a JPEG unchanged; None where it has none."""
    place = 2
    while jpeg[:2] == bytes((0xFF, _START)) and place + 4 <= len(jpeg):
        filler, marker, length = struct.unpack_from(">BBH", jpeg, place)
        if filler != 0xFF or marker in (_SCAN, _END):
            return None
        segment = jpeg[place : place + 2 + length]
        if marker == _APP1 and segment[4:10] == _MARK:
            return segment
        place += 2 + length
    return None


def with_exif(jpeg: bytes, exif: bytes) -> bytes:
    """Return a JPEG with an EXIF segment, whose orientation is set to upright.

    Viewers then show the pixels in the orientation in which they are written.

    Args:
        jpeg: JPEG with its start marker and without an EXIF segment.
        exif: segment from :func:`exif_of`.
    """
    return jpeg[:2] + _upright(exif) + jpeg[2:]


def _upright(exif: bytes) -> bytes:
    changed = bytearray(exif)
    body = 10  # marker, length and mark precede the TIFF header
    order = {b"II": "<", b"MM": ">"}.get(exif[body : body + 2])
    if order is None:
        return exif
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, body + 4)
        (count,) = struct.unpack_from(f"{order}H", exif, body + first)
        for number in range(count):
            entry = body + first + 2 + 12 * number
            (tag,) = struct.unpack_from(f"{order}H", exif, entry)
            if tag == _ORIENTATION:
                struct.pack_into(f"{order}H", changed, entry + 8, _UPRIGHT)
    except struct.error:  # damaged data are left unchanged
        return exif
    return bytes(changed)
