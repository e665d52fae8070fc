"""Work of the keyframe selector, from incoming messages to decisions.

All work runs in one thread, in the order in which the messages came, so that the same messages lead
to the same decisions.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError
from mininet_ros.keyframes import ContentStatus, Decision, KeyframePipeline
from mininet_ros.keyframes.selection.decisions import FORWARDING
from mininet_ros.keyframes.selection.pose_track import PoseTrack
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.nodes.common.stamps import header_of, stamp_of
from mininet_ros.nodes.keyframes.frame_store import FrameStore, StoredFrame
from mininet_ros.nodes.keyframes.poses import MAX_POSES, pose_of
from mininet_ros.nodes.keyframes.scores import FrameReport

# Parts that are decoded as labels.
LABELS = frozenset({"mask", "confidence"})


RECENT_FRAMES = 100


class Outputs(Protocol):
    """Receiver of the results of a session."""

    def forward(self, frame: StoredFrame, worth: float) -> None:
        """Publish a chosen frame."""

    def report(self, report: FrameReport, header: Header) -> None:
        """Report what happened to a frame."""

    def restarted(self) -> None:
        """Drop all pending output, because the stream restarted."""

    def rejected(self, error: ValueError) -> None:
        """Note that a message cannot be used."""


@dataclass(frozen=True)
class Semantics:
    """Meaning of the values in masks.

    Attributes:
        classes: class names in the order of their ids.
        problem: reason why masks cannot be used, as a sentence; None if they can.
    """

    classes: tuple[str, ...] = ()
    problem: str | None = None


class KeyframeSession:
    """Pairs messages, scores frames, and forwards the chosen ones.

    Args:
        settings: settings of the selection.
        semantics: meaning of the masks.
        store: store of the messages.
        outputs: receiver of the results.
        now_ns: function that returns the time of the node's clock, nanoseconds.
        decoder: decoder of the camera's images; None for one with default settings.
    """

    def __init__(
        self,
        settings: KeyframeSettings,
        semantics: Semantics,
        store: FrameStore,
        outputs: Outputs,
        now_ns: Callable[[], int],
        decoder: ImageDecoder | None = None,
    ) -> None:
        self.store = store
        self.counts: Counter[str] = Counter()
        self.sizes: dict[str, str] = {}  # width x height of the last image and mask
        # For the last frames: time taken by scoring, and time from arrival to forwarding.
        self.scoring_s: deque[float] = deque(maxlen=RECENT_FRAMES)
        self.delay_s: deque[float] = deque(maxlen=RECENT_FRAMES)
        self.last_refusal = ""
        self._settings = settings
        self._targets = settings.targets()
        self._semantics = semantics
        self._outputs = outputs
        self._now_ns = now_ns
        self._decoder = decoder or ImageDecoder()
        self._poses = PoseTrack(MAX_POSES)
        self._notes: dict[int, str] = {}
        self._newest: tuple[int, int] | None = None  # stamp, and time of scoring
        self.pipeline = self._make_pipeline()

    @property
    def busy(self) -> bool:
        """Return whether the mere passing of time may lead to results."""
        return bool(len(self.store) or self._newest is not None)

    def add_image(self, image: Image | CompressedImage) -> None:
        """Process an image."""
        self.counts["images"] += 1
        self.store.add_image(image, self._settings.selector.reorder_ns)
        self._work_off()

    def add_part(self, name: str, part: Any) -> None:
        """Process a "mask", "confidence", "camera_info" or "odometry" message.

        A message that cannot be read is rejected here, whether its image was scored or not.
        """
        if name == "odometry":
            stamp_ns = stamp_of(part.header)
            self._poses.add(stamp_ns, pose_of(part))
            # The poses up to an image have come once a later one has.
            self.store.pass_by(name, stamp_ns)
            self._work_off()
            return
        try:
            if name in LABELS:
                self._decoder.labels(part)
        except ImageError as error:
            self.counts[f"rejected_{name}: {error.reason}"] += 1
            self._outputs.rejected(error)
            return
        self.store.add_part(name, part)
        self._work_off()

    def overrun_part(self, name: str) -> None:
        """Count a message other than an image that there was no time for."""
        self.counts[f"overrun_{name}"] += 1

    def expect(self, parts: frozenset[str]) -> None:
        """Set the parts that images wait for from now on."""
        self.store.expected = parts

    def request(self, header: Header) -> None:
        """Process a request for the frame of this stamp."""
        self._carry_out(self.pipeline.request(stamp_of(header)))

    def tick(self) -> None:
        """Note that time passes."""
        self._work_off()
        # Images that wait for their masks do not count as silence of the camera.
        if self._newest is None or len(self.store):
            return
        stamp, scored_at = self._newest
        # The node's clock is used; it stands still while simulated time does.
        elapsed = self._now_ns() - scored_at
        self._carry_out(self.pipeline.tick(stamp + max(0, elapsed)))

    def finish(self) -> None:
        """Decide on all frames at the end of the stream, and prepare for another stream."""
        self.store.wait_no_longer()
        self._work_off()
        self._carry_out(self.pipeline.finish())
        self._begin()

    def overrun(self, header: Header) -> None:
        """Count an image that there was no time for."""
        self.counts["images"] += 1
        self.counts["overrun"] += 1
        report = FrameReport(False, "overrun", "There was no time for it.")
        self._outputs.report(report, header)

    def configure(self, settings: KeyframeSettings, semantics: Semantics) -> None:
        """Apply changed settings between two frames."""
        targets = settings.targets()
        rescore = semantics != self._semantics or any(
            getattr(settings, name) != getattr(self._settings, name)
            for name in ("classes", "ignore_classes", "ignore_mask")
        )
        self._settings, self._semantics, self._targets = settings, semantics, targets
        scorer = self._make_pipeline().scorer if rescore else None
        self._carry_out(self.pipeline.configure(settings.selector, scorer))

    def abandon(self, error: str) -> None:
        """Restart after an error; frames without a decision are given up.

        Args:
            error: description of the error.
        """
        sentence = f"The node gave it up after an error: {error}"
        for frame in self.store.undecided():
            self.counts["abandoned"] += 1
            self._outputs.report(FrameReport(False, "abandoned", sentence), frame.header)
        self.pipeline = self._make_pipeline()
        self._begin()

    def _begin(self) -> None:
        self.store.clear()
        self._notes.clear()
        self._newest = None
        self._outputs.restarted()

    def _make_pipeline(self) -> KeyframePipeline:
        if self._semantics.problem is None:
            return self._settings.pipeline(self._semantics.classes)
        return self._settings.without_classes().pipeline(())

    def _work_off(self) -> None:
        while (frame := self.store.take()) is not None:
            self._score(frame)

    def _score(self, frame: StoredFrame) -> None:
        try:
            image, mask, confidence = self._pixels(frame)
            started = time.perf_counter()
            pose = self._poses.at(frame.stamp_ns) if self._settings.selector.by_odometry else None
            step = self.pipeline.add(image, mask, confidence, frame.stamp_ns, pose)
        except ValueError as error:
            self._reject(frame, error)
            return
        self.scoring_s.append(time.perf_counter() - started)
        if step.refused is not None:
            self._refuse(frame, step.refused)
            return
        if step.outdated is not None:
            self._outputs.restarted()
            self._carry_out(step.outdated)
        self.store.hold(frame)
        self._notes[frame.stamp_ns] = self._note(frame)
        self._newest = (frame.stamp_ns, self._now_ns())
        self._carry_out(step.decisions)

    def _pixels(
        self, frame: StoredFrame
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Return image, mask and confidence; the last two are None if absent or not used."""
        image = self._decoder.message(frame.image)
        self.sizes["image"] = f"{image.shape[1]}x{image.shape[0]}"
        mask = self._labels(frame, "mask")
        if mask is not None:
            self.sizes["mask"] = f"{mask.shape[1]}x{mask.shape[0]}"
        confidence = self._labels(frame, "confidence") if self._settings.use_confidence else None
        if self._semantics.problem is not None:
            return image, None, None
        return image, mask, confidence

    def _labels(self, frame: StoredFrame, name: str) -> np.ndarray | None:
        """Return the pixels of a part, or None without it."""
        part = frame.parts.get(name)
        return self._decoder.labels(part) if isinstance(part, Image) else None

    def _note(self, frame: StoredFrame) -> str:
        """Count the frame; return a remark on its content besides the decision."""
        if not self._targets:
            return ""
        if self._semantics.problem is not None:
            return f"Content is 0 because {self._semantics.problem}."
        if "mask" not in frame.parts:
            self.counts["scored_without_mask"] += 1
            return ContentStatus.NO_MASK.sentence
        self.counts["scored_with_mask"] += 1
        if self._settings.use_confidence and "confidence" not in frame.parts:
            self.counts["scored_without_confidence"] += 1
        return ""

    def _refuse(self, frame: StoredFrame, refusal: Decision) -> None:
        self.last_refusal = refusal.sentence
        self.counts["refused"] += 1
        self.store.forget(frame)
        report = FrameReport(False, refusal.reason.value, refusal.sentence, refusal)
        self._outputs.report(report, frame.header)

    def _reject(self, frame: StoredFrame, error: ValueError) -> None:
        self.store.forget(frame)
        reason = error.reason if isinstance(error, ImageError) else "unusable image"
        self.counts[f"rejected: {reason}"] += 1
        self._outputs.report(FrameReport(False, "rejected", str(error)), frame.header)
        self._outputs.rejected(error)

    def _carry_out(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            frame = self.store.release(decision.stamp_ns)
            if frame is None:  # every frame is held and gets exactly one decision
                raise LookupError(f"no frame is held for stamp {decision.stamp_ns}")
            self.counts["decided"] += 1
            note = self._notes.pop(decision.stamp_ns, "")
            forwarded = decision.reason in FORWARDING
            sentence = f"{decision.sentence} {note}".rstrip()
            report = FrameReport(forwarded, decision.reason.value, sentence, decision)
            self._outputs.report(report, frame.header)
            if forwarded:
                self.delay_s.append(time.monotonic() - frame.arrival_s)
                self._outputs.forward(frame, decision.worth)
        for request in self.pipeline.selector.take_unanswered():
            report = FrameReport(False, "unanswered_request", request.sentence)
            self._outputs.report(report, header_of(request.stamp_ns))
