"""Base station's side of the team link: receives each message of each robot once."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mininet_ros.team.envelope import Envelope, Receipt, Status
from mininet_ros.team.errors import TeamError
from mininet_ros.team.keys import (
    ALL_ROBOTS,
    INTEREST_TOPIC,
    MESSAGES,
    VIEWS_TOPIC,
    base_token,
    parse_robot_token,
    receipt_key,
    topic_key,
)
from mininet_ros.team.session import MAX_MESSAGE_BYTES, base_config, import_zenoh, sentence_of

MAX_ROBOTS = 256

# Messages that wait to be taken; more arrive only in a flood.
MAX_QUEUED = 512

# Message numbers remembered for each robot, because it repeats its last messages.
MAX_REMEMBERED = 256

# Number of delays that are used to estimate the offset of a robot's clock.
DELAYS = 20


@dataclass(frozen=True)
class Message:
    """A message from a robot.

    Attributes:
        robot: name of the robot.
        name: name of the message, one of ``MESSAGES``.
        content: bytes of the serialised message.
        envelope: sender, number and time of the message; None from a sender without this package's
            robot link.
    """

    robot: str
    name: str
    content: bytes
    envelope: Envelope | None


@dataclass
class RobotRecord:
    """State of a robot at the base station.

    Attributes:
        senders: links with this robot's name that are in contact; messages of the first one are
            taken.
        counts: number of messages by outcome.
        bytes: total size of the messages taken.
        delays_s: time of receipt minus time of sending of the last messages, each by its own clock,
            seconds.
        remembered: numbers of the messages taken from the first sender.
    """

    senders: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    delays_s: deque[float] = field(default_factory=lambda: deque(maxlen=DELAYS))
    remembered: OrderedDict[tuple[str, int], None] = field(default_factory=OrderedDict)

    @property
    def clock_behind_s(self) -> float | None:
        """Offset of the robot's clock behind this machine's, plus the least transport time."""
        return min(self.delays_s) if self.delays_s else None


class BaseLink:
    """Listens for robots and takes messages on the wanted topics.

    Messages and robots are queued until :meth:`take` fetches them in the caller's thread.

    Args:
        listen, connect, config_file: as for :func:`~mininet_ros.team.session.base_config`.
        arrived: called from a thread of Zenoh when there is something to take.
        time_ns: function that returns the time of this machine, nanoseconds since 1970.

    Raises:
        TeamError: Zenoh is not installed, an argument cannot be used, or an endpoint cannot be
            opened.
    """

    def __init__(
        self,
        listen: Sequence[str],
        connect: Sequence[str],
        config_file: str,
        arrived: Callable[[], None],
        time_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.robots: dict[str, RobotRecord] = {}
        self.counts: Counter[str] = Counter(overrun=0, refused_keys=0)
        self._zenoh = import_zenoh()
        config = base_config(listen, connect, config_file)
        self._arrived = arrived
        self._time_ns = time_ns
        self._lock = threading.Lock()
        self._queue: deque[Message] = deque()
        self._new: deque[str] = deque()
        self._subscribers: dict[tuple[str, str], Any] = {}
        self._publishers: dict[str, Any] = {}
        try:
            self._session = self._zenoh.open(config)
        except self._zenoh.ZError as error:
            raise TeamError(
                f"cannot listen on {', '.join(listen)}: {sentence_of(error)}; another base "
                "station may run there"
            ) from error
        liveliness = self._session.liveliness()
        self._declared = [
            liveliness.declare_token(base_token(secrets.token_hex(8))),
            liveliness.declare_subscriber(ALL_ROBOTS, self._note_robot, history=True),
        ]

    def new_robots(self) -> list[str]:
        """Return the names of robots that came into contact, again too, since the last call."""
        with self._lock:
            names = list(dict.fromkeys(self._new))
            self._new.clear()
        return names

    def take(self) -> Message | None:
        """Return the next new message, or None; every message must be confirmed."""
        while True:
            with self._lock:
                if not self._queue:
                    return None
                message = self._queue.popleft()
                status = self._judge(message)
            if status is None:
                return message
            self._receipt(message, status)

    def confirm(self, message: Message, usable: bool) -> None:
        """Tell the robot the outcome of a message.

        Args:
            message: message from :meth:`take`.
            usable: whether the message could be read.
        """
        with self._lock:
            record = self.robots[message.robot]
            record.counts["messages" if usable else "unusable"] += 1
            record.bytes += len(message.content)
        self._receipt(message, Status.ARRIVED if usable else Status.UNUSABLE)

    def want(self, robot: str, name: str, wanted: bool) -> None:
        """Tell a robot whether one of ``MESSAGES`` is wanted."""
        key = (robot, name)
        if wanted and key not in self._subscribers:
            # Without a thread for each subscriber, which would mix up the order of a frame's
            # messages.
            direct = self._zenoh.handlers.Callback(
                partial(self._note_message, robot, name), indirect=False
            )
            self._subscribers[key] = self._session.declare_subscriber(
                topic_key(robot, MESSAGES[name]), direct
            )
        elif not wanted and key in self._subscribers:
            self._subscribers.pop(key).undeclare()

    def tell_interest(self, robot: str | None, content: bytes) -> None:
        """Send a serialised message on ``team/interest`` to a robot, or to all."""
        key = INTEREST_TOPIC if robot is None else topic_key(robot, INTEREST_TOPIC)
        self._publisher(key).put(content)

    def tell_view(self, robot: str, content: bytes) -> None:
        """Tell all robots about a packed view that one of them has sent."""
        self._publisher(VIEWS_TOPIC).put(content, attachment=robot.encode())

    def robots_in_contact(self) -> list[str]:
        """Return the names of robots in contact."""
        with self._lock:
            return [robot for robot, record in self.robots.items() if record.senders]

    def connections(self) -> int:
        """Return how many sessions are connected."""
        return len(self._session.info.transports())

    def close(self) -> None:
        """Close the session."""
        self._session.close()

    # ---- in threads of Zenoh

    def _note_robot(self, sample: Any) -> None:
        parsed = parse_robot_token(str(sample.key_expr))
        with self._lock:
            if parsed is None or (parsed[0] not in self.robots and len(self.robots) >= MAX_ROBOTS):
                self.counts["refused_keys"] += 1
                return
            robot, sender = parsed
            record = self.robots.setdefault(robot, RobotRecord())
            if sample.kind != self._zenoh.SampleKind.PUT:
                record.senders = [other for other in record.senders if other != sender]
                return
            if sender not in record.senders:
                record.senders.append(sender)
            self._new.append(robot)
        self._arrived()

    def _note_message(self, robot: str, name: str, sample: Any) -> None:
        content = sample.payload.to_bytes()
        try:
            packed = sample.attachment
            envelope = None if packed is None else Envelope.unpack(packed.to_bytes())
        except ValueError:
            envelope = None
        with self._lock:
            record = self.robots.setdefault(robot, RobotRecord())
            if len(content) > MAX_MESSAGE_BYTES or len(self._queue) >= MAX_QUEUED:
                self.counts["overrun"] += 1
                return
            if envelope is not None:
                record.delays_s.append((self._time_ns() - envelope.time_ns) / 1e9)
            self._queue.append(Message(robot, name, content, envelope))
        self._arrived()

    # ---- helpers

    def _judge(self, message: Message) -> Status | None:
        """Return why a message is refused, as the status for the robot; None to take it."""
        envelope = message.envelope
        if envelope is None:
            return None
        record = self.robots[message.robot]
        if record.senders and envelope.sender != record.senders[0]:
            record.counts["name_taken"] += 1
            return Status.NAME_TAKEN
        number = (envelope.sender, envelope.number)
        if number in record.remembered:
            record.counts["repeated"] += 1
            return Status.ARRIVED
        record.remembered[number] = None
        if len(record.remembered) > MAX_REMEMBERED:
            record.remembered.popitem(last=False)
        return None

    def _receipt(self, message: Message, status: Status) -> None:
        envelope = message.envelope
        if envelope is None or not envelope.receipt_wanted:
            return
        receipt = Receipt(envelope.sender, envelope.number, status, self._time_ns())
        self._publisher(receipt_key(message.robot)).put(receipt.pack())

    def _publisher(self, key: str) -> Any:
        if key not in self._publishers:
            self._publishers[key] = self._session.declare_publisher(
                key, congestion_control=self._zenoh.CongestionControl.DROP
            )
        return self._publishers[key]
