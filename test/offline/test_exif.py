"""EXIF data survives re-encoding, and turns no picture twice."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from mininet_ros.offline.exif import exif_of, with_exif


def picture(suffix=".jpg"):
    image = np.zeros((24, 40, 3), np.uint8)
    image[:, :20] = 255
    return cv2.imencode(suffix, image)[1].tobytes()


def exif(order, orientation):
    """A segment with two tags: the maker's name and the orientation."""
    header = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    maker = struct.pack(f"{order}HHI4s", 0x010F, 2, 4, b"abc\0")
    turned = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = header + struct.pack(f"{order}H", 2) + maker + turned + struct.pack(f"{order}I", 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_is_put_in_comes_out_upright(order):
    plain = picture()
    turned = plain[:2] + exif(order, 6) + plain[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (40, 24, 3)
    assert exif_of(turned) == exif(order, 6)
    result = with_exif(plain, exif_of(turned))
    assert exif_of(result) == exif(order, 1)
    assert cv2.imdecode(np.frombuffer(result, np.uint8), cv2.IMREAD_COLOR).shape == (24, 40, 3)


@pytest.mark.parametrize("data", [picture(), picture(".png"), b"", b"\xff\xd8", b"\xff\xd8\xff"])
def test_pictures_without_exif(data):
    assert exif_of(data) is None


def test_damaged_exif_is_left_alone():
    damaged = exif("<", 6)[:20]
    assert exif_of(with_exif(picture(), damaged)[:2] + damaged) == damaged
