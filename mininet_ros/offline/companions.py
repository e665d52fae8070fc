"""Messages of a bag that go with the chosen frames, such as depth, as the node forwards them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mininet_ros.images.encodings import ImageError
from mininet_ros.keyframes import ConfigError
from mininet_ros.sequences.bag_reader import header_stamp_ns, read_message, recorded_messages
from mininet_ros.sequences.sequence import Problems

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

SLOP_S = 0.02
"""Default of the node's parameter ``companion_slop_s``."""


@dataclass(frozen=True)
class CompanionTopics:
    """Topics whose messages go with the chosen frames.

    Attributes:
        names: topic names as the node takes them, relative to a namespace.
        slop_ns: largest difference between the stamps of a frame and its companion, ns.
    """

    names: tuple[str, ...] = ()
    slop_ns: int = 0

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> CompanionTopics:
        """Read the node's parameters ``companions`` and ``companion_slop_s``.

        Raises:
            ConfigError: a value cannot be used.
        """
        listed, slop_s = values.get("companions", ()), values.get("companion_slop_s", SLOP_S)
        if not isinstance(listed, (list, tuple)) or not all(isinstance(n, str) for n in listed):
            raise ConfigError(
                f"parameter companions must be a list of topics such as [depth/image_rect], not "
                f"{listed!r}"
            )
        if isinstance(slop_s, bool) or not isinstance(slop_s, (int, float)) or slop_s < 0:
            raise ConfigError(
                f"parameter companion_slop_s must be a number of seconds, not {slop_s!r}"
            )
        names = tuple(name.strip() for name in listed if name.strip())
        return cls(names, round(slop_s * 1e9))

    def topics(self, reader: AnyReader, path: object) -> dict[str, str]:
        """Return the topic in a bag for each name.

        Raises:
            ConfigError: there is no such topic, or several.
        """
        recorded = sorted({connection.topic for connection in reader.connections})
        found = {}
        for name in self.names:
            fitting = [topic for topic in recorded if f"/{topic}".endswith(f"/{name.strip('/')}")]
            if len(fitting) != 1:
                which = f"several: {', '.join(fitting)}" if fitting else "none"
                raise ConfigError(
                    f"bag {path} must have one topic for companion {name}, and has {which}; it "
                    f"has {', '.join(recorded)}"
                )
            found[name] = fitting[0]
        return found

    def check(self, reader: AnyReader, path: object) -> None:
        """Check, before a long run, that the companions can be kept.

        Raises:
            ConfigError: a topic is not in the bag, or its messages have no stamp.
        """
        for topic in self.topics(reader, path).values():
            next(_stamps(reader, topic), None)


@dataclass(frozen=True)
class Companions:
    """Messages of a bag that go with the chosen frames.

    Attributes:
        topics: topics of the companions.
        kept: topic and place among its topic's messages of each message.
        missing: number of chosen frames without a companion, by topic, where there are any.
    """

    topics: frozenset[str] = frozenset()
    kept: frozenset[tuple[str, int]] = frozenset()
    missing: Mapping[str, int] = field(default_factory=dict)


def find_companions(
    reader: AnyReader, path: object, wanted: CompanionTopics, stamps_ns: Sequence[int]
) -> Companions:
    """Find the message nearest to each chosen frame on each companion topic.

    Args:
        reader: open reader of the bag.
        path: path of the bag, for messages.
        wanted: companions.
        stamps_ns: stamps of the chosen frames, ascending, ns.

    Raises:
        ConfigError: a topic is not in the bag, or its messages have no stamp.
    """
    topics = wanted.topics(reader, path)
    nearest: dict[tuple[str, int], tuple[int, int]] = {}  # topic, frame: distance, place
    for topic in topics.values():
        for place, stamp_ns in enumerate(_stamps(reader, topic)):
            if stamp_ns is None:
                continue
            at = bisect_left(stamps_ns, stamp_ns)
            for frame in stamps_ns[max(0, at - 1) : at + 1]:
                away = abs(frame - stamp_ns)
                if away <= wanted.slop_ns and (away, place) < nearest.get(
                    (topic, frame), (away + 1, 0)
                ):
                    nearest[topic, frame] = away, place
    missing = {
        topic: lacking
        for topic in topics.values()
        if (lacking := sum((topic, frame) not in nearest for frame in stamps_ns))
    }
    kept = frozenset((topic, place) for (topic, _), (_, place) in nearest.items())
    return Companions(frozenset(topics.values()), kept, missing)


def _stamps(reader: AnyReader, topic: str) -> Iterator[int | None]:
    """Yield the stamp of each message of a topic; None for a damaged one."""
    connections = [each for each in reader.connections if each.topic == topic]
    for connection, _, data in recorded_messages(reader, connections, Problems()):
        yield _stamp(reader, connection, data)


def _stamp(reader: AnyReader, connection: Any, data: bytes) -> int | None:
    try:
        message = read_message(reader, connection, data)
    except ImageError:
        return None
    if not hasattr(message, "header"):
        raise ConfigError(
            f"companion {connection.topic} cannot be kept: its type {connection.msgtype} has no "
            "header, so no stamp"
        )
    return header_stamp_ns(message)
