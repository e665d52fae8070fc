"""Nodes as a process, usually one: arguments, errors at start, signals, end."""

from __future__ import annotations

import argparse
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Protocol, cast

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown

from mininet_ros.freed_memory import keep_freed_memory, return_freed_memory
from mininet_ros.nodes.common.parameters import parameter_help
from mininet_ros.nodes.common.transport import use_image_profile
from mininet_ros.parameters import ParameterError, parameter_specs

Finish = Callable[..., None]


class ProcessNode(Protocol):
    """A node that tidies up at the end of its process."""

    def close(self) -> None:
        """Stop working; called before the node is destroyed."""

    def destroy_node(self) -> None:
        """End the node; of :class:`rclpy.node.Node`."""


IMAGE_BYTES = 32 * 2**20


class StartError(Exception):
    """Why a node cannot start or go on; one sentence."""


def run_node(
    name: str,
    description: str,
    parameters: type,
    make_node: Callable[[Finish], ProcessNode],
    expected_errors: tuple[type[Exception], ...] = (),
    args: Sequence[str] | None = None,
) -> int:
    """Run a node until it is done or interrupted: :func:`run_nodes` for the usual one.

    Args:
        name, description, parameters, expected_errors, args: as there.
        make_node: makes the node, as ``make_nodes`` makes several.

    Returns:
        The exit status.
    """
    return run_nodes(
        name, description, parameters, lambda finish: [make_node(finish)], expected_errors, args
    )


def run_nodes(
    name: str,
    description: str,
    parameters: type,
    make_nodes: Callable[[Finish], Sequence[ProcessNode]],
    expected_errors: tuple[type[Exception], ...] = (),
    args: Sequence[str] | None = None,
) -> int:
    """Run nodes until one is done or the process is interrupted (SIGINT, SIGTERM).

    Each node has an executor, which spins in a thread of its own, and this thread waits, so that a
    signal ends the nodes in order: their ``close()`` comes first, the context goes last, and no
    thread ever publishes through a context that is gone.

    Args:
        name: of the executable, for messages.
        description: for ``--help``.
        parameters: dataclass of the nodes' parameters, for ``--help``.
        make_nodes: makes the nodes. The function that it is given
            ends the process when called, with an error where that is given as its argument.
        expected_errors: what make_nodes may raise besides ParameterError because of what the user
            asked for: printed as one line. All else is a defect and comes with its traceback.
        args: command line without the program's name; default: the process's own.

    Returns:
        The exit status: 0, or 1 after an error, which is then one line on standard error.
    """
    # Not an Event: its set() may be called from a signal handler that interrupted its wait().
    ending: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.put(None))

    def finish(error: str | None = None) -> None:
        ending.put(None if error is None else StartError(error))

    try:
        _start_ros(name, description, parameters, list(sys.argv[1:] if args is None else args))
        nodes = make_nodes(finish)
        # The memory of one image serves the next: 5 ms of the 7 ms that an image of 1280x720 took
        # from array to subscriber went into clearing pages.
        return_freed_memory()
        keep_freed_memory(largest_block=IMAGE_BYTES, kept=4 * IMAGE_BYTES)
        try:
            _spin_until(nodes, ending)
        finally:
            for node in nodes:
                node.close()
                node.destroy_node()
    except (ParameterError, StartError, *expected_errors) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    finally:
        try_shutdown()
    return 0


def _start_ros(name: str, description: str, parameters: type, args: Sequence[str]) -> None:
    """Give ROS its arguments, and answer ``--help``; no one would read any others."""
    listed = parameter_help(parameter_specs(parameters))
    parser = argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=f"parameters (--ros-args -p NAME:=VALUE):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"{name} [--help] [--ros-args ...]",
    )
    try:
        parser.parse_args(_own_arguments(args))
        use_image_profile()
        rclpy.init(args=list(args), signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # the common base of what rcl raises
        sentence = " ".join(str(error).split())
        raise StartError(f"ROS cannot start with these arguments: {sentence}") from error


def _own_arguments(args: Sequence[str]) -> list[str]:
    """Return what is not between ``--ros-args`` and ``--``.

    Unlike rclpy's ``remove_ros_args`` it keeps ``NAME:=VALUE`` in front of ``--ros-args``: ROS
    takes that for a remapping of old, and a user who meant a parameter would never know.
    """
    own, for_ros = [], False
    for argument in args:
        if argument == "--ros-args":
            for_ros = True
        elif for_ros:
            for_ros = argument != "--"
        else:
            own.append(argument)
    return own


def _spin_until(
    nodes: Sequence[ProcessNode], ending: queue.SimpleQueue[BaseException | None]
) -> None:
    """Spin nodes until something is put; raise it where it is an error."""
    # Not executor.shutdown(): it takes away what the executor still waits on. Nor
    # spin_until_future_complete(): it adds a callback to its future with every turn.
    ended = threading.Event()

    def spin(executor: SingleThreadedExecutor) -> None:
        try:
            while not ended.is_set():
                executor.spin_once()
        # Whatever it is, it is raised again below, in the thread that waits.
        except BaseException as error:  # noqa: BLE001
            ending.put(error)

    # One each: an executor builds its wait set anew for every message, at a cost that grows with
    # all that its nodes wait for, and the callbacks of a node stay in one thread.
    executors = [SingleThreadedExecutor() for _ in nodes]
    spinners = []
    for node, executor in zip(nodes, executors, strict=True):
        executor.add_node(cast(Node, node))
        spinners.append(threading.Thread(target=spin, args=(executor,), name="executor"))
        spinners[-1].start()
    error = ending.get()
    ended.set()
    for executor, spinner in zip(executors, spinners, strict=True):
        executor.create_task(lambda: None)  # something to do, so that it looks up
        spinner.join()
        executor.shutdown()
    if error is not None:
        raise error
