"""The node's selection on a recording: the same pipeline, with time from the stamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.keyframes import Decision, Outcome, Verdict
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.odometry import Odometry
from mininet_ros.sequences import LabelledFrame


@dataclass(frozen=True)
class Payload:
    """Sizes of the messages that team mates would receive for a frame.

    Attributes:
        jpeg_bytes: size of the image as JPEG, bytes.
        mask_bytes: size of the mask as PNG, bytes; 0 without a mask.
    """

    jpeg_bytes: int
    mask_bytes: int

    @property
    def size(self) -> int:
        """Size of both together, bytes."""
        return self.jpeg_bytes + self.mask_bytes


@dataclass(frozen=True, eq=False)
class Arrival:
    """A frame that was received.

    Attributes:
        index: place of the frame in the sequence, from 0.
        stamp_ns: stamp on the source's own clock, ns.
        labelled: frame with its mask.
        payload: size of the messages for team mates.
    """

    index: int
    stamp_ns: int
    labelled: LabelledFrame
    payload: Payload


@dataclass(frozen=True)
class DecidedFrame:
    """A frame and the decision on it.

    Attributes:
        index: place of the frame in the sequence, from 0.
        name: name of the frame, see ``mininet_ros.sequences.Frame``.
        stamp_ns: stamp on the source's own clock, ns.
        payload: size of the messages for team mates.
        decision: final decision on the frame.
        delay_ns: time from the frame's stamp to that of the newest frame at the decision, ns.
    """

    index: int
    name: str
    stamp_ns: int
    payload: Payload
    decision: Decision
    delay_ns: int


class OfflineSelection:
    """Passes frames through the pipeline and the byte budget; keeps pixels until decisions.

    The time is the stamp of the newest frame. Decisions come as on a robot whose masks take no
    time, and the budget for team mates grows with the time of the recording.

    Args:
        settings: settings of the selection.
        classes: class names of the masks, in the order of their ids.
        requests: stamps that a V-SLAM system requests, ns, for mode ``request``; each request is
            made when the first frame of this stamp or a later one has come.
        on_forward: called with each forwarded frame, in the order of decisions.
        on_decision: called with each decided frame.
        odometry: poses of the robot; None where there are none.

    Attributes:
        posed: number of frames with a pose.

    Raises:
        ClassError: a target is not among the classes.
    """

    def __init__(
        self,
        settings: KeyframeSettings,
        classes: Sequence[str],
        requests: Sequence[int] = (),
        on_forward: Callable[[Arrival], None] = lambda _: None,
        on_decision: Callable[[DecidedFrame], None] = lambda _: None,
        odometry: Odometry | None = None,
    ) -> None:
        self.posed = 0
        self._settings = settings
        self.pipeline = settings.pipeline(classes)
        self.budget = settings.budget()
        self._requests = deque(sorted(requests))
        self._on_forward = on_forward
        self._on_decision = on_decision
        self._odometry = odometry
        self._waiting: dict[int, Arrival] = {}
        self._decided: dict[int, DecidedFrame] = {}
        self._team: dict[int, Outcome] = {}
        self._unanswered: list[str] = []
        self._count = 0
        self._now_ns = 0

    def add(self, labelled: LabelledFrame, stamp_ns: int) -> Arrival:
        """Process the next frame.

        Args:
            labelled: frame with its mask; its own stamp is ignored.
            stamp_ns: stamp on the source's own clock, ns.

        Raises:
            ValueError: the frame cannot be scored; the message names it.
        """
        payload = encoded_size(labelled, self._settings.jpeg_quality)
        arrival = Arrival(self._count, stamp_ns, labelled, payload)
        self._count += 1
        self._now_ns = stamp_ns
        confidence = labelled.confidence if self._settings.use_confidence else None
        pose = self._odometry.at(arrival.index, stamp_ns) if self._odometry is not None else None
        self.posed += pose is not None
        try:
            step = self.pipeline.add(
                labelled.frame.image, labelled.mask, confidence, stamp_ns, pose
            )
        except ValueError as error:
            raise ValueError(f"frame {labelled.frame.name} cannot be scored: {error}") from error
        if step.refused is not None:
            self._note_decision(arrival, step.refused)
            return arrival
        self._settle(step.outdated or ())
        self._waiting[stamp_ns] = arrival
        self._settle(step.decisions)
        while self._requests and self._requests[0] <= stamp_ns:
            self._settle(self.pipeline.request(self._requests.popleft()))
        self._note(self.budget.release(stamp_ns))
        return arrival

    def finish(self) -> list[DecidedFrame]:
        """End the stream.

        Returns:
            All frames, in the order in which they came.
        """
        while self._requests:
            self._settle(self.pipeline.request(self._requests.popleft()))
        self._settle(self.pipeline.finish())
        self._note(self.budget.clear())
        return [self._decided[index] for index in sorted(self._decided)]

    def unanswered(self) -> list[str]:
        """Reasons why requests have no answer, one sentence each."""
        return list(self._unanswered)

    def team_outcomes(self) -> dict[int, Outcome]:
        """Outcome of each forwarded frame under the budget, by the frame's index."""
        return dict(self._team)

    def _settle(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            arrival = self._waiting.pop(decision.stamp_ns)
            self._note_decision(arrival, decision)
            if decision.forwarded:
                self._on_forward(arrival)
                self._note(
                    self.budget.offer(
                        arrival.index, arrival.payload.size, decision.worth, self._now_ns
                    )
                )
        unanswered = self.pipeline.selector.take_unanswered()
        self._unanswered += [request.sentence for request in unanswered]

    def _note_decision(self, arrival: Arrival, decision: Decision) -> None:
        decided = DecidedFrame(
            arrival.index,
            arrival.labelled.frame.name,
            arrival.stamp_ns,
            arrival.payload,
            decision,
            max(0, self._now_ns - arrival.stamp_ns),
        )
        self._decided[arrival.index] = decided
        self._on_decision(decided)

    def _note(self, verdicts: list[Verdict]) -> None:
        for verdict in verdicts:
            self._team[verdict.ticket] = verdict.outcome


def encoded_size(labelled: LabelledFrame, jpeg_quality: int) -> Payload:
    """Return the sizes of a frame as JPEG and of its mask as PNG."""
    _, jpeg = cv2.imencode(".jpg", labelled.frame.image, [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality])
    if labelled.mask is None:
        return Payload(len(jpeg), 0)
    _, png = cv2.imencode(".png", np.ascontiguousarray(labelled.mask))
    return Payload(len(jpeg), len(png))
