"""Store of images that wait for their parts: mask, confidence, calibration of equal stamp."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.nodes.common.stamps import NANOSECONDS

Part = Image | CameraInfo

# Number of parts of each kind that are kept without an image, and of stamps of the last released
# frames.
MAX_UNPAIRED = 16
MAX_GONE = 256
# Number of images that may wait for their parts: two seconds of a camera at 30 Hz.
MAX_PENDING = 64
# A mask that arrives before its image is kept for at least this time.
MIN_UNPAIRED_S = 1.0


@dataclass(eq=False)
class StoredFrame:
    """An image and the messages that belong to it.

    Attributes:
        image: image message as received.
        arrival_s: time of arrival, in seconds of the store's clock.
        parts: messages of the same stamp by name, as received.
        waits: whether the frame waits for parts; False for a frame that the selector will refuse.
        header: header of the image.
        stamp_ns: stamp of the image, nanoseconds.
    """

    image: Image | CompressedImage
    arrival_s: float
    waits: bool = True
    parts: dict[str, Part] = field(default_factory=dict)
    header: Header = field(init=False)
    stamp_ns: int = field(init=False)

    def __post_init__(self) -> None:
        self.header = self.image.header
        self.stamp_ns = _nanoseconds(self.header)


class FrameStore:
    """Holds each image until its parts have arrived, and again until the decision on it.

    Images leave in the order in which they came. An image leaves when every expected part has
    arrived, or can no longer arrive because a later one of its kind has. It also leaves after the
    longest wait, or when too many images wait. Parts that arrive later still join the frame while
    it is held.

    Args:
        wait_s: longest wait for parts, seconds of the clock.
        capacity: largest number of images that wait for their parts.
        clock: function that returns the monotonic time in seconds; parts are made in real time,
            whatever the stamps are.
    """

    def __init__(
        self,
        wait_s: float,
        capacity: int = MAX_PENDING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wait_s = wait_s
        self.capacity = capacity
        self.expected: frozenset[str] = frozenset()
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._pending: deque[StoredFrame] = deque()
        self._held: dict[int, StoredFrame] = {}
        self._gone: OrderedDict[int, None] = OrderedDict()
        self._begin()

    def _begin(self) -> None:
        self._taken: StoredFrame | None = None  # between take() and hold() or forget()
        self._open: dict[int, StoredFrame] = {}  # frames that parts may join, by stamp
        self._unpaired: dict[str, OrderedDict[int, tuple[float, Part]]] = {}
        self._newest_part: dict[str, int] = {}
        # Kinds of parts that did not come with the last image. Images do not wait for such a kind
        # until a part of it arrives. Not every camera is calibrated, so calibration must arrive
        # once first.
        self._absent = {"camera_info"}
        self._newest: int | None = None

    def __len__(self) -> int:
        return len(self._pending)

    def add_image(self, image: Image | CompressedImage, reorder_ns: int) -> None:
        """Add an image.

        Args:
            image: image message.
            reorder_ns: tolerance in nanoseconds. A stamp up to this much before the newest one is a
                late image. An earlier one is a jump back in time; earlier images then get no more
                parts.
        """
        frame = StoredFrame(image, self._clock())
        stamp, newest = frame.stamp_ns, self._newest
        if newest is not None and stamp <= newest:
            if stamp == 0 or newest - stamp <= reorder_ns:
                frame.waits = False
                self._pending.append(frame)
                return
            self._jump_back()
        self._newest = stamp
        self._pending.append(frame)
        self._open[stamp] = frame
        for name in self._unpaired:
            _, part = self._unpaired[name].pop(stamp, (0.0, None))
            if part is not None:
                self._join(frame, name, part)

    def add_part(self, name: str, part: Part) -> None:
        """Add a message that belongs to the image of the same stamp."""
        stamp = _nanoseconds(part.header)
        frame = self._open.get(stamp)
        if frame is None:
            if stamp in self._gone:
                self.counts[f"late_{name}"] += 1
            else:
                self._keep_unpaired(name, stamp, part)
        elif name in frame.parts:
            self.counts[f"repeated_{name}"] += 1
        else:
            if stamp in self._held:
                self.counts[f"late_{name}"] += 1
            self._join(frame, name, part)
        if self._newest is not None and stamp <= self._newest:
            self._newest_part[name] = max(stamp, self._newest_part.get(name, stamp))

    def pass_by(self, name: str, stamp_ns: int) -> None:
        """Note that a topic has come to a stamp, without a message that belongs to one image.

        Images then wait until it has passed their stamp, as long as they wait for parts.
        """
        self._absent.discard(name)
        self._newest_part[name] = max(stamp_ns, self._newest_part.get(name, stamp_ns))

    def take(self) -> StoredFrame | None:
        """Return the next image that need not wait any longer, or None."""
        now = self._clock()
        self._forget_unpaired(now - max(self.wait_s, MIN_UNPAIRED_S))
        if not self._pending:
            return None
        frame = self._pending[0]
        waiting = frame.waits and now - frame.arrival_s < self.wait_s
        missing = self._missing(frame)
        if waiting and len(self._pending) <= self.capacity and missing:
            return None
        if frame.waits and "mask" not in missing:
            self._absent |= missing
        self._taken = self._pending.popleft()
        return self._taken

    def wait_no_longer(self) -> None:
        """Release all images that wait for their parts."""
        for frame in self._pending:
            frame.waits = False

    def hold(self, frame: StoredFrame) -> None:
        """Keep a frame until :meth:`release`."""
        self._taken = None
        self._held[frame.stamp_ns] = frame

    def release(self, stamp_ns: int) -> StoredFrame | None:
        """Remove and return the frame held under a stamp; None if there is none."""
        frame = self._held.pop(stamp_ns, None)
        if frame is not None:
            self.forget(frame)
        return frame

    def forget(self, frame: StoredFrame) -> None:
        """Let no further part join a frame."""
        self._taken = None if frame is self._taken else self._taken
        stamp = frame.stamp_ns
        if self._open.get(stamp) is frame:
            del self._open[stamp]
            self._gone[stamp] = None
            if len(self._gone) > MAX_GONE:
                self._gone.popitem(last=False)

    def undecided(self) -> list[StoredFrame]:
        """Return all frames that wait for parts or for a decision, the oldest first."""
        taken = [] if self._taken is None else [self._taken]
        return [*self._held.values(), *taken, *self._pending]

    def clear(self) -> None:
        """Discard everything except the counts."""
        self._pending.clear()
        self._held.clear()
        self._gone.clear()
        self._begin()

    def _jump_back(self) -> None:
        """Restart after a jump back; pending images no longer wait."""
        self.wait_no_longer()
        for name, parts in self._unpaired.items():
            self.counts[f"{name}_without_image"] += len(parts)
        self._gone.clear()
        self._begin()

    def _join(self, frame: StoredFrame, name: str, part: Part) -> None:
        frame.parts[name] = part
        self._absent.discard(name)
        stamp = frame.stamp_ns
        self._newest_part[name] = max(stamp, self._newest_part.get(name, stamp))

    def _missing(self, frame: StoredFrame) -> set[str]:
        """Return the expected parts that have not arrived and still may."""
        return {
            name
            for name in self.expected - self._absent
            if name not in frame.parts and self._newest_part.get(name, -1) < frame.stamp_ns
        }

    def _keep_unpaired(self, name: str, stamp: int, part: Part) -> None:
        parts = self._unpaired.setdefault(name, OrderedDict())
        if stamp in parts:
            self.counts[f"repeated_{name}"] += 1
            return
        parts[stamp] = (self._clock(), part)
        if len(parts) > MAX_UNPAIRED:
            parts.popitem(last=False)
            self.counts[f"{name}_without_image"] += 1

    def _forget_unpaired(self, before_s: float) -> None:
        for name, parts in self._unpaired.items():
            while parts and next(iter(parts.values()))[0] < before_s:
                parts.popitem(last=False)
                self.counts[f"{name}_without_image"] += 1


def _nanoseconds(header: Header) -> int:
    # Same as stamp_of(); repeated here because it runs for every message of every frame.
    return header.stamp.sec * NANOSECONDS + header.stamp.nanosec
