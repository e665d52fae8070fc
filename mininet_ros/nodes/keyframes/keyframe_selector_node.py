"""Keyframe selector node: takes a camera's stream, forwards the selected frames."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.keyframes.selection.durations import in_nanoseconds
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.models import ModelError
from mininet_ros.nodes.common.diagnostics import OK, DiagnosticsPublisher, Status
from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.inbox import Inbox, Task
from mininet_ros.nodes.common.lifecycle import ACTIVE, INACTIVE, ManagedNode
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_node
from mininet_ros.nodes.common.topics import OnDemandSubscription, create_subscription
from mininet_ros.nodes.keyframes.class_names import ClassNames
from mininet_ros.nodes.keyframes.companions import (
    Companions,
    CompanionSettings,
    companion_names,
)
from mininet_ros.nodes.keyframes.frame_store import FrameStore
from mininet_ros.nodes.keyframes.health import KeyframeHealth
from mininet_ros.nodes.keyframes.interest import TeamInterest
from mininet_ros.nodes.keyframes.outputs import KeyframeOutputs
from mininet_ros.nodes.keyframes.parameters import KeyframeParameters
from mininet_ros.nodes.keyframes.session import KeyframeSession, Semantics
from mininet_ros.nodes.keyframes.team_link import make_link
from mininet_ros.nodes.keyframes.topics import COMPANION, COMPRESSED, IMAGE, PARTS, REQUEST
from mininet_ros.parameters import ParameterError
from mininet_ros.team.errors import TeamError

# Messages queued for the working thread: half a second of four topics at 30 Hz.
INBOX_CAPACITY = 64
# Period in which the working thread checks whether a wait is over.
TICK_S = 0.05


class KeyframeSelectorNode(ManagedNode):
    """Pairs images with their masks, decides which are keyframes, and forwards these unchanged.

    The thread that spins receives messages and answers requests. While the node is active, a second
    thread does all the work, in the order in which the messages came. While no output has a
    subscriber, no input is subscribed to either.

    Args:
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong, or names a class that the model lacks.
        ModelError: the model does not exist or is damaged.
        TeamError: the parameters of the team link cannot be used.
    """

    expected_errors = (ParameterError, ModelError, TeamError)

    # Created by configure().
    _outputs: KeyframeOutputs
    _companions: Companions
    _session: KeyframeSession
    _inputs: dict[str, OnDemandSubscription]
    _health: KeyframeHealth

    def __init__(self, **node_options: Any) -> None:
        super().__init__("keyframe_selector", **node_options)
        self._names: ClassNames | None = None
        self._interest: TeamInterest | None = None
        self._settings = NodeParameters(
            self, KeyframeParameters, check=self._problem, changed=self._apply
        )
        self._inbox = Inbox(INBOX_CAPACITY)
        self._resting = threading.Lock()  # free while the working thread is idle
        self._worker: threading.Thread | None = None
        self._diagnostics = DiagnosticsPublisher(self, "keyframes", self._report)
        self.start(self._settings.values.autostart)

    def configure(self) -> None:
        """Create everything that the parameters describe, except the input subscriptions."""
        parameters = self._settings.values
        settings = parameters.settings
        self._names = ClassNames(self, parameters.model, self._targets_changed)
        problem = self._names.problem(settings.named())
        if problem and (self._names.known or not self._names.can_come):
            self._names = None
            raise ParameterError(f"parameter classes cannot be used: {problem}")
        images = self._image_topic(parameters.image_transport)
        self._interest = TeamInterest(self, self._targets_changed)
        link = make_link(self, parameters.link, self._matched, self._interest.receive_serialized)
        decoder = parameters.images.decoder()
        self._companions = self._make_companions(parameters)
        self._outputs = KeyframeOutputs(
            self, settings, link, images.message_type, self._matched, decoder, self._companions
        )
        self._session = KeyframeSession(
            settings,
            self._semantics(settings),
            FrameStore(parameters.mask_wait_s),
            self._outputs,
            self._now_ns,
            decoder,
        )
        self._inputs = self._make_inputs(images)
        create_subscription(self, REQUEST, self._request)
        self._health = KeyframeHealth(
            self, self._session, self._outputs, self._names, self._interest, self._inputs
        )
        self.get_logger().info(
            f"selecting in mode {settings.selector.mode.value}, targets: "
            f"{', '.join(settings.targets()) or 'none'}, for the images of "
            f"{self._inputs['image'].topic}"
        )

    def activate(self) -> None:
        """Start working; inputs are subscribed to while an output has a subscriber."""
        self._inbox = Inbox(INBOX_CAPACITY)
        self._worker = threading.Thread(target=self._work, name="keyframes", daemon=True)
        self._worker.start()
        self._put_configuration()  # parameters may have changed while the node was inactive
        self._follow_subscribers(active=True)

    def deactivate(self) -> None:
        """Decide on all waiting frames, and end the working thread."""
        self._follow_subscribers(active=False)
        self._inbox.close()
        if self._worker is not None:
            self._worker.join()
            self._worker = None

    def cleanup(self) -> None:
        """Discard everything that :meth:`configure` created."""
        self._outputs.team.close()
        self._companions.close()
        self._names = self._interest = None
        del self._companions, self._outputs, self._session, self._inputs, self._health

    def _make_companions(self, parameters: KeyframeParameters) -> Companions:
        try:
            names = companion_names(parameters.companions)
        except ValueError as error:
            raise ParameterError(f"parameter companions cannot be used: {error}") from None
        settings = CompanionSettings(
            names,
            in_nanoseconds(parameters.companion_slop_s),
            parameters.companion_bytes,
            COMPANION.with_reliability(parameters.reliability),
        )
        return Companions(self, settings, self._matched)

    def _image_topic(self, transport: str) -> Topic:
        # From the resolved name, so that remapping image also moves the compressed topic.
        name = self.resolve_topic_name(IMAGE.name)
        return COMPRESSED.renamed(f"{name}/compressed") if transport == "compressed" else IMAGE

    def _make_inputs(self, images: Topic) -> dict[str, OnDemandSubscription]:
        callbacks: dict[str, tuple[Topic, Callable[[Any], None]]] = {
            "image": (images, self._receive_image),
            **{name: (topic, partial(self._receive_part, name)) for name, topic in PARTS.items()},
        }
        reliability = self._settings.values.reliability
        return {
            name: OnDemandSubscription(self, callback, topic.with_reliability(reliability))
            for name, (topic, callback) in callbacks.items()
        }

    def _receive_image(self, image: Image | CompressedImage) -> None:
        self._health.received += 1
        run = partial(self._session.add_image, image)
        self._inbox.put(Task(run, partial(self._session.overrun, image.header)))

    def _receive_part(self, name: str, part: Image | CameraInfo) -> None:
        run = partial(self._session.add_part, name, part)
        self._inbox.put(Task(run, partial(self._session.overrun_part, name)))

    def _request(self, header: Header) -> None:
        run = partial(self._session.request, header)
        self._inbox.put(Task(run, partial(self._session.overrun_part, "request")))

    def _matched(self) -> None:
        if self.state == ACTIVE:
            self._follow_subscribers(active=True)

    def _follow_subscribers(self, active: bool) -> None:
        """Subscribe to the inputs that the wanted outputs need, and to no others."""
        self._companions.follow(active)
        settings = self._effective_settings()
        outputs = self._outputs.wanted if active else frozenset()
        semantic = bool(settings.targets())
        wanted = {
            "image": bool(outputs),
            "mask": bool(outputs) and (bool(settings.named()) or "mask" in outputs),
            "confidence": bool(outputs) and semantic and settings.use_confidence,
            "camera_info": "camera_info" in outputs,
            "odometry": bool(outputs) and settings.selector.by_odometry,
        }
        before = {name for name, subscription in self._inputs.items() if subscription.active}
        now = {name for name in wanted if wanted[name]}
        if before == now:
            return
        self._inbox.put(Task(partial(self._session.expect, frozenset(now - {"image"}))))
        for name, subscription in self._inputs.items():
            subscription.want(wanted[name])
        if not now:
            self._inbox.put(Task(self._session.finish))

    def _problem(self, parameters: KeyframeParameters) -> str | None:
        """Return what is wrong with the combination of parameters, as a sentence, or None."""
        if self._names is None or not self._names.known:
            return None
        return self._names.problem(parameters.settings.named())

    def _effective_settings(self) -> KeyframeSettings:
        """Return the settings from the parameters and the targets of the team."""
        own = self._settings.values.settings
        if self._interest is None or self._names is None:
            return own
        return self._interest.applied_to(own, self._names.names)

    def _targets_changed(self) -> None:
        """Apply changed targets."""
        if self.state == ACTIVE:
            self._reconfigure()
            self._follow_subscribers(active=True)

    def _apply(self, changed: frozenset[str]) -> None:
        """Apply changed parameters."""
        self._targets_changed()

    def _reconfigure(self) -> None:
        semantics = self._semantics(self._effective_settings())
        if semantics.problem:
            self.get_logger().error(semantics.problem)
        self._put_configuration()

    def _put_configuration(self) -> None:
        """Queue the present settings for the working thread."""
        settings = self._effective_settings()
        wait_s = self._settings.values.mask_wait_s
        self._inbox.put(Task(partial(self._take_over, settings, self._semantics(settings), wait_s)))

    def _take_over(
        self, settings: KeyframeSettings, semantics: Semantics, mask_wait_s: float
    ) -> None:
        self._outputs.configure(settings)
        self._session.store.wait_s = mask_wait_s
        self._session.configure(settings, semantics)

    def _semantics(self, settings: KeyframeSettings) -> Semantics:
        if self._names is None:
            raise RuntimeError("the node is not configured")
        return Semantics(self._names.names, self._names.problem(settings.named()))

    def _work(self) -> None:
        while not self._inbox.finished:
            waiting = self._session.busy or self._outputs.team.waiting
            run = self._inbox.take(TICK_S if waiting else None)
            if run is not None:
                self._guarded(run)
            self._guarded(self._tick)
        self._guarded(self._session.finish)

    def _tick(self) -> None:
        self._session.tick()
        self._outputs.release()

    def _guarded(self, run: Callable[[], None]) -> None:
        """Run a task; count and log any error, so that the next task runs."""
        with self._resting:
            try:
                run()
            except Exception as error:  # noqa: BLE001 - counted and logged
                self._health.note_failure(error)
                self.get_logger().error(
                    f"frames given up after an error: {self._health.last_failure}",
                    throttle_duration_sec=5.0,
                )
                self._session.abandon(self._health.last_failure)

    def _report(self) -> Status:
        if self.state not in (ACTIVE, INACTIVE):
            return Status(OK, f"{self.state}: a lifecycle manager can configure the node")
        self._matched()  # for middleware that does not report subscribers
        settings = self._effective_settings()
        with self._resting:
            status = self._health.status(settings.selector.mode.value, settings.targets())
        if self.state == INACTIVE:
            return replace(
                status, level=OK, message=f"{INACTIVE}: a lifecycle manager can activate it"
            )
        return status

    def _now_ns(self) -> int:
        return self.get_clock().now().nanoseconds


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "keyframe_selector_node",
        "Forwards the frames of a camera that are worth it: for mapping, and for team mates.",
        KeyframeParameters,
        lambda finish: KeyframeSelectorNode(),
        expected_errors=(ModelError, TeamError),
    )


if __name__ == "__main__":
    sys.exit(main())
