"""Opens every kind of image source."""

from __future__ import annotations

import math
import re
from importlib.metadata import entry_points
from itertools import islice
from pathlib import Path

from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.bag_reader import is_bag
from mininet_ros.sequences.camera import URL, Camera, NetworkStream
from mininet_ros.sequences.files import IMAGE_SUFFIXES, ImageFiles, image_files
from mininet_ros.sequences.sequence import Sequence, SequenceError
from mininet_ros.sequences.video import VideoFile

GENERATED = "generated"
"""Name of the project's own sequence."""
DRAWN = "mininet_ros.sequences"
"""Group of the entry points that open drawn sequences by name."""

MOST_NAMED = 5  # folders in a message


def open_sequence(
    source: str | Path,
    rate_hz: float | None = None,
    topic: str | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Sequence:
    """Open an image sequence.

    Args:
        source: an image file, a folder of images, a video file, a ROS 1 or ROS 2 bag, the index
            of a camera ("0"), the URL of a stream (``rtsp://``, ``http://``), or "generated" for
            the project's own sequence. A file or folder wins over a camera or the generator of the
            same name.
        rate_hz: frames per second. None uses the times in the names of images, else 10; it gives 15
            for the generated sequence. For a video, the rate replaces the times in the file, and
            every frame is still delivered. A bag keeps its stamps. A camera is asked for the rate.
        topic: image topic of a bag that has several.
        max_pixels: limit of the image size; larger images are skipped before they are decoded.

    Returns:
        The sequence, whose first frame was read successfully.

    Raises:
        SequenceError: the source does not exist or cannot be read, the rate is not positive, or a
            topic is given for a source that is not a bag.
    """
    if rate_hz is not None and not (math.isfinite(rate_hz) and rate_hz > 0):
        raise SequenceError(f"a rate of {rate_hz} Hz is impossible; give one above 0")
    text = str(source)
    if not text:
        raise SequenceError("the name of the sequence is empty; give a file, a folder or a camera")
    if URL.match(text):
        if topic is not None or rate_hz is not None:
            raise SequenceError(f"a stream of the network has no topic and its own rate: {text}")
        return NetworkStream(text)
    path = Path(source).expanduser()
    if path.exists() and is_bag(path):
        return BagImages(path, topic, rate_hz, max_pixels)
    if topic is not None:
        raise SequenceError(f"{path} is no bag; leave out the topic {topic}")
    camera = re.fullmatch(r"(?:/dev/video)?(\d+)", text)
    if camera and not path.is_file() and not path.is_dir():
        return Camera(int(camera[1]), rate_hz)
    if not path.exists():
        for drawn in entry_points(group=DRAWN, name=text):
            return drawn.load()() if rate_hz is None else drawn.load()(rate_hz=rate_hz)
    if path.is_dir():
        return _open_folder(path, rate_hz, max_pixels)
    if not path.exists():
        raise SequenceError(
            f"{path} does not exist; give an image, a folder of images, a video, a bag, the "
            f'index of a camera, a URL or "{GENERATED}"'
        )
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFiles([path], path.stem, rate_hz, max_pixels)
    return VideoFile(path, rate_hz, max_pixels)


def _open_folder(folder: Path, rate_hz: float | None, max_pixels: int) -> Sequence:
    paths = image_files(folder)
    if not paths:
        within = _folders_with_images(folder)
        if within:
            raise SequenceError(
                f"{folder} holds no images itself; give one of the folders in it that do: "
                f"{', '.join(within)}"
            )
        raise SequenceError(
            f"{folder} holds no images; give a folder with files that end in "
            f"{', '.join(IMAGE_SUFFIXES)}"
        )
    return ImageFiles(paths, folder.resolve().name, rate_hz, max_pixels)


def _folders_with_images(folder: Path) -> list[str]:
    """Return the first few folders below a folder that hold images, relative to it."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_dir() and image_files(path))
    return [str(path.relative_to(folder)) for path in islice(found, MOST_NAMED)]
