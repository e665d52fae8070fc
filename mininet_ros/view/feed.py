"""A bounded queue before everything that shows a run, so that a run never waits for a viewer."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mininet_ros.view.scene import Scene

Entry = Callable[["Scene"], None]
"""Writes one item into a scene."""

CAPACITY = 128
"""Items that wait at most; pictures are left out from half of it."""

CLOSE_S = 10.0
"""Longest time in which a viewer takes what still waits at the end, seconds."""

_POLL_S = 0.1
_log = logging.getLogger(__name__)


class TargetLostError(Exception):
    """A target takes nothing more. The message is one sentence."""


class Target(Protocol):
    """A place that a run is shown in."""

    def open(self) -> Scene:
        """Open the target, in the thread that then writes to it.

        Raises:
            TargetLostError: it cannot be opened.
        """
        ...

    def check(self) -> None:
        """Raise :class:`TargetLostError` if the target is gone."""

    def close(self) -> None:
        """Write what is buffered, and close the target.

        Raises:
            TargetLostError: something could not be written.
        """


class Feed:
    """Passes items to one target, in order, in a thread of its own.

    Args:
        target: target of the items.
        waits: whether a full queue makes :meth:`put` wait, for a target that always gets on, such
            as a file. Otherwise what does not fit is left out and counted.
    """

    def __init__(self, target: Target, waits: bool) -> None:
        self._target = target
        self._waits = waits
        self._queue: queue.Queue[Entry] = queue.Queue(CAPACITY)
        self._left_out = 0
        self._lost = threading.Event()
        self._ending = threading.Event()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="view", daemon=True)
        self._thread.start()

    def put(self, entry: Entry, is_picture: bool) -> None:
        """Add an item; pictures leave half of the queue to scores and keyframes."""
        if self._lost.is_set():
            return
        if self._waits:
            self._put_and_wait(entry)
        elif is_picture and self._queue.qsize() >= CAPACITY // 2:
            self._left_out += 1
        else:
            try:
                self._queue.put_nowait(entry)
            except queue.Full:
                self._left_out += 1

    def close(self) -> None:
        """Pass on what waits, and close the target; say what was left out."""
        self._ending.set()
        self._thread.join(None if self._waits else CLOSE_S)
        if self._thread.is_alive():
            self._given_up.set()
            self._left_out += self._queue.qsize()
        if self._left_out and not self._lost.is_set():
            _log.warning(
                "the viewer was slower than the run: %d pictures or scores are not shown; the "
                "results have all of them",
                self._left_out,
            )

    def _put_and_wait(self, entry: Entry) -> None:
        while not self._lost.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(entry, timeout=_POLL_S)
                return

    def _run(self) -> None:
        try:
            scene = self._target.open()
            self._write_all(scene)
            self._target.close()
        except TargetLostError as error:
            self._lost.set()
            _log.warning("%s", error)
        # Whatever Rerun raises must not end a run that only wanted to be watched.
        except Exception as error:  # noqa: BLE001
            self._lost.set()
            _log.warning("the run is no longer shown: %s: %s", type(error).__name__, error)

    def _write_all(self, scene: Scene) -> None:
        checked = time.monotonic()
        while not self._given_up.is_set():
            if time.monotonic() - checked > _POLL_S:
                self._target.check()
                checked = time.monotonic()
            try:
                entry = self._queue.get(timeout=_POLL_S)
            except queue.Empty:
                if self._ending.is_set():
                    return
                continue
            entry(scene)
