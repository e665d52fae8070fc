"""A robot's side of the team link: one frame at a time to the base station, until it has it."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from mininet_ros.team.contact import Contact
from mininet_ros.team.envelope import Envelope, Receipt, Status
from mininet_ros.team.flight import NO_RECEIPT, Flight, Outcome, Payload, Result
from mininet_ros.team.interface import InterfaceCounter
from mininet_ros.team.keys import (
    ALL_BASES,
    INTEREST_TOPIC,
    MESSAGES,
    VIEWS,
    VIEWS_TOPIC,
    base_token,
    checked_robot_name,
    receipt_key,
    robot_token,
    topic_key,
)
from mininet_ros.team.mates import MatesViews
from mininet_ros.team.session import MAX_MESSAGE_BYTES, import_zenoh, robot_config, sentence_of

# Between two attempts to find a base station.
RETRY_S = 0.5

# Messages a frame may have, so that each has a number of its own.
_NUMBERS = 8
_ORDER = tuple(MESSAGES)


class RobotLink:
    """Sends frames to the base station over one Zenoh session.

    The link takes a frame when the last one has arrived, so that no queue builds up behind the
    caller's back: not in Zenoh, not in the kernel, not in the radio. A frame whose arrival is not
    certain is returned; sent again, it is still delivered once, for its messages keep their
    numbers. A base station without receipts (``zenoh-bridge-ros2dds``) is sent frames at the pace
    of :attr:`pace_bytes_per_s`.

    While there is no contact, what the base station wanted last is wanted still.

    Args:
        robot: name of the robot.
        endpoints, config_file: see :func:`~mininet_ros.team.session.robot_config`.
        changed: called from a thread of Zenoh when what is wanted may have changed.
        interest: called from a thread of Zenoh with serialised messages on ``team/interest``.
        clock: seconds, monotonic.

    Raises:
        TeamError: Zenoh is not installed, or an argument cannot be used.
    """

    def __init__(
        self,
        robot: str,
        endpoints: Sequence[str],
        config_file: str,
        changed: Callable[[], None],
        interest: Callable[[bytes], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.robot = checked_robot_name(robot)
        self._mates = MatesViews()
        self.pace_bytes_per_s = 100_000
        self.counts: Counter[str] = Counter(arrived=0, returned=0, refused=0, contacts_lost=0)
        self.last_refusal = ""
        self.bytes_per_s: float | None = None  # of the last frame, from handing over to receipt
        self._zenoh = import_zenoh()
        self._config = robot_config(endpoints, config_file)
        self._endpoints = ", ".join(endpoints)
        self._changed = changed
        self._interest = interest
        self._clock = clock
        self._sender = secrets.token_hex(8)
        self._interface = InterfaceCounter()
        self._condition = threading.Condition()
        self._session: Any = None
        self._publishers: dict[str, Any] = {}
        self._declared: list[Any] = []
        self._closing = False
        self._trouble = "not tried yet"
        self._contact = Contact(clock())
        self._flight: Flight | None = None
        self._outcomes: list[Outcome] = []
        self._thread = threading.Thread(target=self._run, name="team link", daemon=True)
        self._thread.start()

    # ---- for the caller's threads

    @property
    def wanted(self) -> frozenset[str]:
        """What the base station subscribes to, of ``TEAM_TOPICS``."""
        matching = self._look() - {VIEWS}
        with self._condition:
            return self._contact.wanted(matching, self._clock())

    @property
    def takes(self) -> int:
        """How many frames can be sent now: 1 or 0."""
        matching = self._look() - {VIEWS}
        with self._condition:
            free = self._flight is None
            return int(free and bool(matching) and self._contact.takes_frames(self._clock()))

    @property
    def mates(self) -> MatesViews | None:
        """Views that mates have sent; None while the base station does not let robots share."""
        return self._mates if VIEWS in self._matching() else None

    def send(self, ticket: int, payload: Payload) -> None:
        """Send a frame; to be called while it :attr:`takes` one.

        Args:
            ticket: names the frame; unique, and the same when it is sent again.
            payload: its messages, of ``MESSAGES``.
        """
        with self._condition:
            flight = Flight(
                ticket, payload, self._contact.epoch, self._contact.bases, self._clock()
            )
            self._flight = flight
            if max(len(content) for _, content in payload) > MAX_MESSAGE_BYTES:
                self._end(flight, Result.REFUSED, f"a message exceeds {MAX_MESSAGE_BYTES} bytes")
            self._condition.notify_all()

    def collect(self) -> list[Outcome]:
        """Return what came of frames since the last call."""
        self._look()
        with self._condition:
            flight, now = self._flight, self._clock()
            ended = flight and flight.outcome(self._contact, now, self.pace_bytes_per_s)
            if flight and ended:
                if ended.sentence == NO_RECEIPT:
                    self.counts["receipts_missed"] += 1
                self._end(flight, ended.result, ended.sentence)
            outcomes, self._outcomes = self._outcomes, []
            return outcomes

    def problem(self) -> str | None:
        """Return why frames do not arrive, as a sentence, or None."""
        self._look()
        with self._condition:
            if self._session is None:
                return (
                    f"no base station at {self._endpoints} ({self._trouble}): check the parameter "
                    "team_endpoints and that team_base_node runs there"
                )
            return self._contact.problem(self.robot, self._endpoints, self._clock())

    def values(self) -> dict[str, object]:
        """Return figures by name, for diagnostics."""
        self._interface.update(self._session)  # not with the lock held: Zenoh has its own
        with self._condition:
            values: dict[str, object] = {
                "team_robot_name": self.robot,
                "team_contact": self._contact.connected,
                "team_receipts": bool(self._contact.bases),
                "team_base_stations": len(self._contact.bases),
                **{f"team_{name}": count for name, count in sorted(self.counts.items())},
                "team_link_bytes_per_s": self.bytes_per_s or 0.0,
            }
            return {**values, **self._mates.values(), **self._interface.values()}

    def close(self) -> None:
        """End the session; what is under way may be lost."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join(timeout=5.0)

    def _look(self) -> frozenset[str]:
        """See whether there is contact; return what is subscribed to.

        Not with the lock held: Zenoh has locks of its own.
        """
        session = self._session
        matching = self._matching()
        listed = session is not None and bool(session.info.transports())
        with self._condition:
            if self._contact.see(listed, matching, self._clock()):
                self.counts["contacts_lost"] += 1
        return matching

    def _matching(self) -> frozenset[str]:
        """What is subscribed to now; not with the lock held."""
        publishers = self._publishers.items()
        return frozenset(name for name, topic in publishers if topic.matching_status.matching)

    # ---- in the link's own thread

    def _run(self) -> None:
        session = self._open()
        if session is None:
            return
        self._declare(session)
        while (flight := self._next_to_put()) is not None:
            self._put(flight)
        session.close()

    def _open(self) -> Any:
        while not self._closing:
            try:
                return self._zenoh.open(self._config)
            except self._zenoh.ZError as error:
                with self._condition:
                    self._trouble = sentence_of(error)
                    self._condition.wait_for(lambda: self._closing, RETRY_S)
        return None

    def _declare(self, session: Any) -> None:
        zenoh = self._zenoh
        publishers = {
            name: session.declare_publisher(
                topic_key(self.robot, topic),
                congestion_control=zenoh.CongestionControl.BLOCK,
                reliability=zenoh.Reliability.RELIABLE,
            )
            for name, topic in MESSAGES.items()
        }
        with self._condition:
            self._session = session
            self._publishers = publishers
        liveliness = session.liveliness()
        namesakes = robot_token(self.robot, "*")
        self._declared = [
            session.declare_subscriber(receipt_key(self.robot), self._note_receipt),
            session.declare_subscriber(topic_key(self.robot, INTEREST_TOPIC), self._note_interest),
            session.declare_subscriber(INTEREST_TOPIC, self._note_interest),
            session.declare_subscriber(VIEWS_TOPIC, self._note_view),
            liveliness.declare_subscriber(ALL_BASES, self._note_base, history=True),
            liveliness.declare_token(robot_token(self.robot, self._sender)),
            liveliness.declare_subscriber(namesakes, self._note_namesake, history=True),
            *[
                publisher.declare_matching_listener(lambda _: self._changed())
                for publisher in publishers.values()
            ],
        ]
        self._changed()

    def _next_to_put(self) -> Flight | None:
        """Wait for a frame; None at the end."""
        with self._condition:
            self._condition.wait_for(
                lambda: self._closing or (self._flight is not None and self._flight.put is None)
            )
            return None if self._closing else self._flight

    def _put(self, flight: Flight) -> None:
        """Hand a frame to Zenoh, which may take as long as the radio does."""
        matching = self._matching()
        messages = [entry for entry in flight.payload if entry[0] in matching]
        for name, content in messages:
            number = flight.ticket * _NUMBERS + _ORDER.index(name)
            last = name == messages[-1][0]
            with self._condition:
                if self._flight is not flight:
                    return  # contact was lost meanwhile
                flight.awaited = number if last else None
            envelope = Envelope(self._sender, number, time.time_ns(), last)
            try:
                self._publishers[name].put(content, attachment=envelope.pack())
            except self._zenoh.ZError as error:
                with self._condition:
                    self._end(flight, Result.RETURNED, sentence_of(error))
                return
        with self._condition:
            flight.put = self._clock()
            if not messages:
                self._end(flight, Result.RETURNED, "nobody subscribes any more")

    # ---- in threads of Zenoh

    def _note_receipt(self, sample: Any) -> None:
        try:
            receipt = Receipt.unpack(sample.payload.to_bytes())
        except ValueError:
            with self._condition:
                self.counts["strange_receipts"] += 1
            return
        with self._condition:
            flight = self._flight
            mine = receipt.sender == self._sender
            if flight is None or not mine or receipt.number != flight.awaited:
                return
            if receipt.status is Status.ARRIVED:
                self.bytes_per_s = flight.size / max(self._clock() - flight.started, 1e-3)
                self._end(flight, Result.ARRIVED)
            elif receipt.status is Status.NAME_TAKEN:
                self._contact.note_name_taken(self._clock())
                self._end(flight, Result.RETURNED, "another robot has this name")
            else:
                self._end(flight, Result.REFUSED, "the base station cannot read it")

    def _note_interest(self, sample: Any) -> None:
        self._interest(sample.payload.to_bytes())

    def _note_view(self, sample: Any) -> None:
        sender = sample.attachment
        if sender is not None and sender.to_bytes() != self.robot.encode():
            self._mates.receive(sample.payload.to_bytes())

    def _note_base(self, sample: Any) -> None:
        sender = str(sample.key_expr).removeprefix(base_token(""))
        with self._condition:
            self._contact.note_base(sender, self._is_present(sample))

    def _note_namesake(self, sample: Any) -> None:
        sender = str(sample.key_expr).rpartition("/")[2]
        with self._condition:
            if sender != self._sender:
                self._contact.note_namesake(sender, self._is_present(sample))

    def _is_present(self, sample: Any) -> bool:
        return sample.kind == self._zenoh.SampleKind.PUT

    # ---- with the lock held

    def _end(self, flight: Flight, result: Result, sentence: str = "") -> None:
        """Note what came of a flight, once."""
        if self._flight is not flight:
            return
        self._flight = None
        self.counts[result.value] += 1
        if result is Result.REFUSED:
            self.last_refusal = sentence
        self._outcomes.append(Outcome(flight.ticket, result, sentence))
