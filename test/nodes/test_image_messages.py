"""Image messages to arrays and back: every encoding, every way to be wrong."""

from __future__ import annotations

import sys
from array import array
from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sensor_msgs", reason="needs ROS 2 messages (sensor_msgs)")

from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.images.encodings import ImageError
from mininet_ros.nodes.common.image_messages import image_message, image_to_bgr, jpeg_message

EIGHT_BIT = ["bgr8", "8UC3", "rgb8", "bgra8", "8UC4", "rgba8", "mono8", "8UC1"]
SIXTEEN_BIT = ["bgr16", "rgb16", "bgra16", "rgba16", "mono16"]
PACKED_YUV = ["yuv422", "uyvy", "yuv422_yuy2", "yuyv"]
SEMI_PLANAR = ["nv12", "nv21"]


def picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A picture of soft, pale blobs: YUV with fewer colour samples hardly changes it."""
    small = np.random.default_rng(seed).integers(70, 180, (3, 4, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def encode(bgr: np.ndarray, encoding: str) -> np.ndarray:
    """Return the rows of bytes that a camera would send of a picture: uint8 (rows, row bytes)."""
    height = bgr.shape[0]
    if encoding in SEMI_PLANAR:
        i420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
        brightness, (u, v) = i420[:height], np.split(i420[height:].reshape(-1), 2)
        pair = (u, v) if encoding == "nv12" else (v, u)
        return np.vstack([brightness, np.stack(pair, -1).reshape(height // 2, -1)])
    if encoding in PACKED_YUV:
        uyvy = encoding in ("yuv422", "uyvy")
        yuv = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_UYVY if uyvy else cv2.COLOR_BGR2YUV_YUYV)
        return yuv.reshape(height, -1)
    if "mono" in encoding or encoding == "8UC1":
        pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    else:
        alpha = np.full((*bgr.shape[:2], 1), 7, np.uint8)
        pixels = bgr[..., ::-1] if encoding.startswith("rgb") else bgr
        pixels = np.dstack([pixels, alpha]) if "a" in encoding or encoding == "8UC4" else pixels
    if encoding in SIXTEEN_BIT:
        pixels = pixels.astype("<u2") * 257
    return np.ascontiguousarray(pixels).reshape(height, -1).view(np.uint8)


def message(bgr: np.ndarray, encoding: str, padding: int = 0, big_endian: bool = False) -> Image:
    rows = encode(bgr, encoding)
    if big_endian:
        rows = rows.view("<u2").astype(">u2").view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=199)
    return Image(
        header=Header(frame_id="camera"),
        height=bgr.shape[0],
        width=bgr.shape[1],
        encoding=encoding,
        is_bigendian=int(big_endian),
        step=rows.shape[1],
        data=array("B", rows.tobytes()),
    )


def expected(bgr: np.ndarray, encoding: str) -> np.ndarray:
    if "mono" in encoding or encoding == "8UC1":
        return cv2.cvtColor(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return bgr


@pytest.mark.parametrize("padding", [0, 1, 24])
@pytest.mark.parametrize("encoding", EIGHT_BIT)
def test_eight_bit_encodings_come_out_exact(encoding, padding):
    bgr = picture(33, 20)
    pixels = image_to_bgr(message(bgr, encoding, padding))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, expected(bgr, encoding))


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("padding", [0, 1, 24])
@pytest.mark.parametrize("encoding", SIXTEEN_BIT)
def test_sixteen_bit_encodings_are_scaled_to_full_range(encoding, padding, big_endian):
    bgr = picture(33, 20)
    pixels = image_to_bgr(message(bgr, encoding, padding, big_endian))
    np.testing.assert_array_equal(pixels, expected(bgr, encoding))


@pytest.mark.parametrize("padding", [0, 1, 24])
@pytest.mark.parametrize("encoding", PACKED_YUV + SEMI_PLANAR)
def test_yuv_encodings_come_out_up_to_their_subsampling(encoding, padding):
    bgr = picture(64, 48)
    pixels = image_to_bgr(message(bgr, encoding, padding))
    assert pixels.shape == bgr.shape
    difference = np.abs(pixels.astype(int) - bgr)
    assert np.quantile(difference, 0.99) <= 8, "channels are mixed up, or rows are shifted"


@settings(max_examples=60, deadline=None)
@given(
    encoding=st.sampled_from(EIGHT_BIT + SIXTEEN_BIT + PACKED_YUV + SEMI_PLANAR),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    padding=st.integers(0, 9),
)
def test_every_size_comes_out_at_its_size_or_is_refused(encoding, width, height, padding):
    image = Image(width=width, height=height, encoding=encoding)
    pixel_bytes = {"mono8": 1, "8UC1": 1, "nv12": 1, "nv21": 1, "yuv422": 2, "uyvy": 2}
    pixel_bytes.update({"yuv422_yuy2": 2, "yuyv": 2, "mono16": 2})
    channels = 4 if "a" in encoding or encoding == "8UC4" else 3
    row = width * pixel_bytes.get(encoding, channels * (2 if encoding in SIXTEEN_BIT else 1))
    image.step = row + padding
    image.data = array("B", bytes(image.step * height * 3 // 2))
    odd = encoding in PACKED_YUV + SEMI_PLANAR and width % 2
    odd = odd or (encoding in SEMI_PLANAR and height % 2)
    if odd:
        with pytest.raises(ImageError, match=f"{width}x{height}"):
            image_to_bgr(image)
    else:
        assert image_to_bgr(image).shape == (height, width, 3)


def test_bgr8_is_a_view_of_the_message():
    image = message(picture(32, 20), "bgr8", padding=8)
    pixels = image_to_bgr(image)
    assert np.shares_memory(pixels, np.frombuffer(image.data, np.uint8))


@pytest.mark.parametrize(
    ("change", "reason", "sentence"),
    [
        ({"width": 0}, "empty image", "0x20"),
        ({"height": 0}, "empty image", "32x0"),
        ({"step": 95}, "step too small", "95 bytes.*96"),
        ({"step": 0}, "step too small", "0 bytes"),
        ({"height": 21}, "data too short", "1920 bytes.*2016"),
        ({"data": array("B")}, "data too short", "0 bytes"),
        ({"width": 10_000, "step": 10_000, "height": 3}, "step too small", "30000"),
        ({"width": 4_000_000_000, "step": 4_000_000_000}, "too many pixels", "4000000000"),
        ({"encoding": "16UC1"}, "depth image", "16UC1"),
        ({"encoding": "32FC1"}, "depth image", "32FC1"),
        ({"encoding": "yuv422", "width": 31}, "odd size", "31x20"),
        ({"encoding": "nv12", "height": 19}, "odd size", "32x19"),
        ({"encoding": "nv12", "step": 80}, "data too short", "30 rows of 80"),
    ],
)
def test_messages_that_contradict_themselves_are_refused(change, reason, sentence):
    image = message(picture(32, 20), "bgr8")
    for name, value in change.items():
        setattr(image, name, value)
    with pytest.raises(ImageError, match=sentence) as caught:
        image_to_bgr(image)
    assert caught.value.reason == reason
    assert str(caught.value).count(". ") == 0, "one sentence"


@pytest.mark.parametrize("encoding", ["nv24", "8UC2", "16UC3", "32FC3"])
def test_other_encodings_without_cv_bridge_name_the_encoding_and_the_cure(monkeypatch, encoding):
    monkeypatch.setitem(sys.modules, "cv_bridge", None)
    image = message(picture(32, 20), "mono8")
    image.encoding = encoding
    with pytest.raises(ImageError, match=f"{encoding!r}.*cv_bridge.*install"):
        image_to_bgr(image)


class FakeCvBridgeError(TypeError):
    pass


@pytest.fixture
def cv_bridge(monkeypatch):
    """A stand-in for cv_bridge that knows one more encoding."""

    class CvBridge:
        def imgmsg_to_cv2(self, image, desired_encoding):
            if image.encoding != "8UC2":
                raise FakeCvBridgeError(f"Unrecognized image encoding\n[{image.encoding}]")
            assert desired_encoding == "bgr8"
            return np.zeros((image.height, image.width, 3), np.uint8)

    module = ModuleType("cv_bridge")
    module.CvBridge, module.CvBridgeError = CvBridge, FakeCvBridgeError
    monkeypatch.setitem(sys.modules, "cv_bridge", module)


def test_the_last_resort_is_cv_bridge(cv_bridge):
    image = message(picture(32, 20), "mono8")
    image.encoding = "8UC2"
    assert image_to_bgr(image).shape == (20, 32, 3)


def test_what_cv_bridge_refuses_is_an_image_error_of_one_line(cv_bridge):
    image = message(picture(32, 20), "mono8")
    image.encoding = "16UC3"
    with pytest.raises(ImageError, match=r"cv_bridge cannot convert.*'16UC3'") as caught:
        image_to_bgr(image)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_compressed_images_are_decoded(extension):
    bgr = picture(64, 48)
    _, encoded = cv2.imencode(extension, bgr)
    pixels = image_to_bgr(CompressedImage(format=extension, data=array("B", encoded.tobytes())))
    assert np.abs(pixels.astype(int) - bgr).mean() < 3


def test_a_jpeg_is_not_turned_by_its_exif_orientation():
    """An EXIF block that says "rotated by 90 degrees" must not swap width and height."""
    jpeg = cv2.imencode(".jpg", picture(64, 48))[1].tobytes()
    tiff = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    turned = jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]
    rotated = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
    assert rotated.shape == (64, 48, 3), "the EXIF block has no effect"
    assert image_to_bgr(CompressedImage(data=array("B", turned))).shape == (48, 64, 3)


@pytest.mark.parametrize("data", [b"", b"no image at all", bytes(1000)])
def test_what_cannot_be_decoded_is_refused(data):
    with pytest.raises(ImageError, match=f"{len(data)} bytes of format 'jpeg'") as caught:
        image_to_bgr(CompressedImage(format="jpeg", data=array("B", data)))
    assert caught.value.reason == "undecodable"


@pytest.mark.parametrize(
    ("encoding", "shape"), [("mono8", (5, 7)), ("rgb8", (5, 7, 3)), ("bgr8", (5, 7, 3))]
)
def test_arrays_become_messages_with_the_given_header(encoding, shape):
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    header = Header(frame_id="lens")
    header.stamp.sec, header.stamp.nanosec = 12, 34
    image = image_message(pixels, encoding, header)
    assert (image.width, image.height, image.step) == (7, 5, 7 * pixels[0, 0].size)
    assert image.header == header
    assert (image.encoding, image.is_bigendian) == (encoding, 0)
    assert bytes(image.data) == pixels.tobytes()


def test_arrays_that_are_not_contiguous_become_messages():
    pixels = np.arange(70, dtype=np.uint8).reshape(5, 14)[:, ::2]
    assert bytes(image_message(pixels, "mono8", Header()).data) == pixels.tobytes()


@pytest.mark.parametrize(
    ("pixels", "encoding"),
    [
        (np.zeros((5, 7), np.uint8), "rgb8"),
        (np.zeros((5, 7, 3), np.uint8), "mono8"),
        (np.zeros((5, 7), np.uint16), "mono8"),
    ],
)
def test_arrays_of_another_type_are_no_message(pixels, encoding):
    with pytest.raises(ValueError, match=encoding):
        image_message(pixels, encoding, Header())


def test_jpeg_messages_come_back():
    bgr = picture(64, 48)
    compressed = jpeg_message(bgr, Header(frame_id="lens"))
    assert compressed.header.frame_id == "lens"
    assert compressed.format == "bgr8; jpeg compressed bgr8"
    assert np.abs(image_to_bgr(compressed).astype(int) - bgr).mean() < 3
