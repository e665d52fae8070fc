"""Lifecycle nodes that also start by themselves, unless told otherwise."""

from __future__ import annotations

import gc
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from mininet_ros.freed_memory import return_freed_memory
from mininet_ros.parameters import ParameterError

UNCONFIGURED = "unconfigured"
INACTIVE = "inactive"
ACTIVE = "active"
FINALIZED = "finalized"


class ManagedNode(LifecycleNode):
    """A lifecycle node whose transitions are four methods that may raise.

    Publishers, subscriptions and guard conditions that :meth:`configure` creates are destroyed
    after :meth:`cleanup`.

    If a transition raises one of ``expected_errors``, its sentence is logged and the node stays in
    the previous state. Any other error is a defect: it is logged with its traceback, and the node
    becomes unconfigured.

    Attributes:
        state: present state: "unconfigured", "inactive", "active" or "finalized".

    Args:
        name: name of the node.
        **options: options of :class:`rclpy.lifecycle.LifecycleNode`.
    """

    expected_errors: ClassVar[tuple[type[Exception], ...]] = (ParameterError,)

    def __init__(self, name: str, **options: Any) -> None:
        self.state = UNCONFIGURED
        self._failure: Exception | None = None
        self._starts_itself = False
        self._lasting: set[object] = set()
        super().__init__(name, **options)

    @abstractmethod
    def configure(self) -> None:
        """Load what needs memory, according to the present parameters."""

    @abstractmethod
    def activate(self) -> None:
        """Start working."""

    @abstractmethod
    def deactivate(self) -> None:
        """Stop working: receive and publish nothing, and use no CPU time."""

    @abstractmethod
    def cleanup(self) -> None:
        """Free what :meth:`configure` loaded."""

    def start(self, autostart: bool) -> None:
        """Configure and activate the node if ``autostart`` is true.

        Raises:
            Exception: the error that :meth:`configure` or :meth:`activate` raised.
        """
        if not autostart:
            self.get_logger().info("unconfigured: waits for a lifecycle manager (autostart: false)")
            return
        self._starts_itself = True
        try:
            for trigger in (self.trigger_configure, self.trigger_activate):
                if trigger() != TransitionCallbackReturn.SUCCESS:
                    raise self._failure or RuntimeError("the node cannot be started")
        finally:
            self._starts_itself = False

    def close(self) -> None:
        """Stop working and free everything, at the end of the process."""
        if self.state == ACTIVE:
            self.deactivate()
            self.state = INACTIVE
        if self.state == INACTIVE:
            self._cleanup()
            self.state = FINALIZED

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the node; called by rclpy."""
        return self._transition(self._configure, INACTIVE)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start working; called by rclpy."""
        return self._transition(self.activate, ACTIVE)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop working; called by rclpy."""
        return self._transition(self.deactivate, INACTIVE)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the node's memory; called by rclpy."""
        return self._transition(self._cleanup, UNCONFIGURED)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the node; called by rclpy."""
        return self._transition(self.close, FINALIZED)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall back to unconfigured after a defect; called by rclpy."""
        return self._transition(self.close, UNCONFIGURED)

    def _configure(self) -> None:
        self._lasting = {*self.publishers, *self.subscriptions, *self.guards}
        try:
            self.configure()
        except BaseException:
            self._end_entities()
            raise

    def _cleanup(self) -> None:
        self.cleanup()
        self._end_entities()
        gc.collect()
        return_freed_memory()

    def _end_entities(self) -> None:
        """Destroy all entities that were created since the node was configured."""
        for publisher in list(self.publishers):
            if publisher not in self._lasting:
                self.destroy_publisher(publisher)
        for subscription in list(self.subscriptions):
            if subscription not in self._lasting:
                self.destroy_subscription(subscription)
        for guard in list(self.guards):
            if guard not in self._lasting:
                self.destroy_guard_condition(guard)

    def _transition(self, step: Callable[[], None], to: str) -> TransitionCallbackReturn:
        try:
            step()
        except self.expected_errors as error:
            self._failure = error
            if not self._starts_itself:  # otherwise the error is raised
                self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        # rclpy would discard the error silently.
        except Exception as error:  # noqa: BLE001 - logged, and kept for start()
            self._failure = error
            self.get_logger().error(f"transition to {to} failed: {type(error).__name__}: {error}")
            return TransitionCallbackReturn.ERROR
        self.state = to
        return TransitionCallbackReturn.SUCCESS
