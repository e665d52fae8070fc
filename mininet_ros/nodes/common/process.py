"""Process of one or more nodes: arguments, start errors, signals, shutdown."""

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
    """A node that releases its resources at the end of its process."""

    def close(self) -> None:
        """Stop working; called before the node is destroyed."""

    def destroy_node(self) -> None:
        """Destroy the node; a method of :class:`rclpy.node.Node`."""


IMAGE_BYTES = 32 * 2**20


class StartError(Exception):
    """A node cannot start or continue. The message is one sentence."""


def run_node(
    name: str,
    description: str,
    parameters: type,
    make_node: Callable[[Finish], ProcessNode],
    expected_errors: tuple[type[Exception], ...] = (),
    args: Sequence[str] | None = None,
) -> int:
    """Run a node until it is done or interrupted: :func:`run_nodes` for one node.

    Args:
        name, description, parameters, expected_errors, args: as for :func:`run_nodes`.
        make_node: makes the node; otherwise as ``make_nodes`` of :func:`run_nodes`.

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

    Each node has an executor, which spins in its own thread, and the calling thread waits. A signal
    then ends the nodes in order: first their ``close()``, last the context. No thread publishes
    through a destroyed context.

    Args:
        name: name of the executable, for messages.
        description: text for ``--help``.
        parameters: dataclass of the nodes' parameters, for ``--help``.
        make_nodes: makes the nodes; its argument is a function that ends the process, with an error
            if one is given.
        expected_errors: errors that ``make_nodes`` may raise because of the user's input, besides
            ParameterError; they are printed as one line. Any other error is a defect and is printed
            with its traceback.
        args: command line without the program's name; None for that of the process.

    Returns:
        The exit status: 0, or 1 after an error, which is printed to standard error as one line.
    """
    # Not an Event: a signal handler cannot safely call set() when it interrupts wait().
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
    """Pass the arguments to ROS, answer ``--help``, and refuse any other arguments."""
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
    except RuntimeError as error:  # base class of all errors of rcl
        sentence = " ".join(str(error).split())
        raise StartError(f"ROS cannot start with these arguments: {sentence}") from error


def _own_arguments(args: Sequence[str]) -> list[str]:
    """Return the arguments that are not between ``--ros-args`` and ``--``.

    Unlike rclpy's ``remove_ros_args``, it keeps ``NAME:=VALUE`` before ``--ros-args``. ROS takes
    that as an old-style remapping, and a user who meant a parameter would not notice.
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
    """Spin nodes until an item is put into the queue; raise it if it is an error."""
    # Not executor.shutdown(): it destroys what the executor still waits on. Not
    # spin_until_future_complete(): it adds a callback to its future in every turn.
    ended = threading.Event()

    def spin(executor: SingleThreadedExecutor) -> None:
        try:
            while not ended.is_set():
                executor.spin_once()
        # Any error is raised again below, in the waiting thread.
        except BaseException as error:  # noqa: BLE001
            ending.put(error)

    # One executor for each node: an executor rebuilds its wait set for every message, at a cost
    # that grows with everything that its nodes wait for. The callbacks of a node also stay in one
    # thread.
    executors = [SingleThreadedExecutor() for _ in nodes]
    spinners = []
    for node, executor in zip(nodes, executors, strict=True):
        executor.add_node(cast(Node, node))
        spinners.append(threading.Thread(target=spin, args=(executor,), name="executor"))
        spinners[-1].start()
    error = ending.get()
    ended.set()
    for executor, spinner in zip(executors, spinners, strict=True):
        executor.create_task(lambda: None)  # an empty task wakes the executor
        spinner.join()
        executor.shutdown()
    if error is not None:
        raise error
