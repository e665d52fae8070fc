"""One decoder for messages, bags and files: limits before work, one meaning on every path."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.headers import bytes_of, read_header

SUFFIXES = (".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm", ".pgm")


def picture(width=37, height=21, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(suffix, image, *options):
    return cv2.imencode(suffix, image, options)[1].tobytes()


def raw(image, encoding, **changes):
    height, width = image.shape[:2]
    fields = {
        "data": image.tobytes(), "encoding": encoding, "width": width, "height": height,
        "step": image.nbytes // height, "is_bigendian": 0,
    } | changes  # fmt: skip
    return SimpleNamespace(**fields)


def reason_of(call):
    with pytest.raises(ImageError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return caught.value.reason


def bomb(width, height):
    """A PNG of one bit a pixel that is a thousandth of its picture."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    content = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_headers_tell_the_size(suffix):
    image = picture() if suffix != ".pgm" else picture()[..., 0]
    header = read_header(bytes_of(encoded(suffix, image)))
    assert (header.width, header.height) == (37, 21)


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"exif": b"x"}])
def test_headers_of_every_kind_of_webp(options):
    file = io.BytesIO()
    Image.fromarray(picture(500, 300)).save(file, "WEBP", **options)
    header = read_header(bytes_of(file.getvalue()))
    assert (header.width, header.height) == (500, 300)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_too_many_pixels_are_refused_before_decoding(suffix, monkeypatch):
    image = picture() if suffix != ".pgm" else picture()[..., 0]
    data = encoded(suffix, image)
    assert ImageDecoder(max_pixels=37 * 21).encoded(data).shape == (21, 37, 3)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageError, match=r"37x21 pixels, more than max_pixels = 776"):
        ImageDecoder(max_pixels=37 * 21 - 1).encoded(data)


def test_a_bomb_costs_nothing(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(8000, 8000))
    tracemalloc.start()
    try:
        assert reason_of(lambda: ImageDecoder().read(path)) == "too many pixels"
        assert reason_of(lambda: ImageDecoder().encoded(path.read_bytes())) == "too many pixels"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_raw_messages_have_the_same_limit():
    message = raw(picture(), "bgr8", width=8000, height=8000, step=24000)
    assert reason_of(lambda: ImageDecoder().message(message)) == "too many pixels"
    assert reason_of(lambda: ImageDecoder().labels(message)) == "too many pixels"


def test_files_with_too_many_bytes_are_not_read(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(".png", picture()))
    with path.open("ab") as file:
        file.truncate(200_000_000)
    assert reason_of(lambda: ImageDecoder().read(path)) == "too many bytes"


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"GIF89a", "GIF"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
        (b"\0\0\0\x01\x67", "H.264"),
    ],
)
def test_unknown_formats_are_named(start, name):
    with pytest.raises(ImageError, match=f"{name}.* is not read here") as caught:
        ImageDecoder().encoded(start + bytes(100), "h264")
    assert caught.value.reason == "unknown format"


@pytest.mark.parametrize(
    "stated", ["16UC1; png compressed ", "32FC1; compressedDepth png", "16UC1; compressedDepth"]
)
def test_compressed_depth_is_refused_as_depth(stated):
    data = encoded(".png", np.full((4, 5), 1234, np.uint16))
    message = SimpleNamespace(data=np.frombuffer(data, np.uint8), format=stated)
    assert reason_of(lambda: ImageDecoder().message(message)) == "depth image"


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns_give_their_colours(pattern, size):
    """A mosaic of one colour gives that colour, whatever the pattern."""
    colour = {"r": 200, "g": 120, "b": 40}
    block = np.array(
        [[colour[pattern[0]], colour[pattern[1]]], [colour[pattern[2]], colour[pattern[3]]]]
    )
    mosaic = np.tile(block, (8, 8)).astype(np.uint8)
    stored = mosaic if size == 8 else mosaic.astype(np.uint16) * 257
    message = raw(stored, f"bayer_{pattern}{size}")
    found = ImageDecoder().message(message)
    assert (found == (40, 120, 200)).all()
    png = SimpleNamespace(
        data=encoded(".png", stored), format=f"bayer_{pattern}{size}; png compressed "
    )
    np.testing.assert_array_equal(ImageDecoder().message(png), found)


@pytest.mark.parametrize(("bits", "largest"), [(10, 1023), (12, 4095), (14, 16383), (16, 65535)])
def test_the_range_of_16_bit_channels_is_found_and_said(bits, largest, caplog):
    decoder = ImageDecoder()
    ramp = np.linspace(0, largest, 256).astype(np.uint16).reshape(16, 16)
    found = decoder.message(raw(ramp, "mono16"))
    assert found[0, 0, 0] == 0 and found[-1, -1, 0] == 255
    assert abs(found[..., 0].ravel().astype(int) - np.arange(256)).max() <= 1
    assert decoder.bits == bits and f"{bits} bits" in caplog.text
    dark = decoder.message(raw(ramp // 8, "mono16"))
    assert dark.max() == pytest.approx(255 / 8, abs=1), "the range does not shrink again"


def test_the_range_of_16_bit_channels_can_be_given():
    decoder = ImageDecoder(bits=12)
    assert decoder.message(raw(np.full((2, 2), 2047, np.uint16), "mono16")).max() == 127
    assert decoder.message(raw(np.full((2, 2), 60000, np.uint16), "mono16")).max() == 255
    with pytest.raises(ValueError, match="9 to 16"):
        ImageDecoder(bits=8)


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("RGB8", "'RGB8' does not exist in ROS: 'rgb8' does"),
        ("bgr", "'bgr' does not exist in ROS"),
        ("yuv420p", "does not exist in ROS"),
        ("", "states no encoding"),
        ("bayer_rggb12", "does not exist in ROS: 'bayer_rggb"),
    ],
)
def test_encodings_that_do_not_exist_are_called_that(encoding, sentence):
    with pytest.raises(ImageError, match=sentence) as caught:
        ImageDecoder().message(raw(picture(), encoding))
    assert caught.value.reason == "no such encoding"
    assert "cv_bridge" not in str(caught.value)


def oriented(suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    options = {"tiffinfo": {0x0112: orientation}} if suffix == "TIFF" else {"exif": exif}
    options |= {"lossless": True} if suffix == "WEBP" else {}
    Image.fromarray(picture()[..., ::-1]).save(file, suffix, **options)
    return file.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_pixels_are_as_stored_in_every_orientation(kind, orientation):
    found = ImageDecoder().encoded(oriented(kind, orientation))
    if kind == "JPEG":
        np.testing.assert_array_equal(found, ImageDecoder().encoded(oriented(kind, 1)))
    else:
        np.testing.assert_array_equal(found, picture())


def test_the_same_pixels_on_every_path(tmp_path):
    image = picture(64, 48)
    data = encoded(".png", image)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for found in (
        ImageDecoder().encoded(ImageDecoder().read(path)[0]),
        ImageDecoder().message(SimpleNamespace(data=data, format="bgr8; png compressed bgr8")),
        ImageDecoder().message(raw(image, "bgr8")),
        ImageDecoder().message(raw(image[..., ::-1].copy(), "rgb8")),
    ):
        np.testing.assert_array_equal(found, image)
