"""A ROS 2 graph of this package's nodes, run and watched from outside, as processes.

For the demo and for benchmarks; imports no ROS itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mininet_ros.demo.domain import DomainError, claimed_domain
from mininet_ros.extras import missing_extra

GRACE_S = 10.0
POLL_S = 0.05


class GraphError(RuntimeError):
    """The graph cannot run, or one of its processes failed, which it has explained itself."""


def graph_environment(domain: int) -> dict[str, str]:
    """Return the environment of the graph's processes.

    This machine only and a ROS domain of their own, whatever the user's is: the graph's ``image``
    must never reach a robot's nodes.

    Args:
        domain: id of the ROS domain.
    """
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "ROS_DOMAIN_ID": str(domain),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        # The same for Humble; later distributions warn of it.
        **({"ROS_LOCALHOST_ONLY": "1"} if os.environ.get("ROS_DISTRO") == "humble" else {}),
    }


class NodeProcess(subprocess.Popen[bytes]):
    """The process of one node.

    Attributes:
        node: its executable.
    """

    def __init__(self, node: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.node = node
        super().__init__(
            [sys.executable, "-m", "mininet_ros.nodes", node, *arguments],
            env=environment,
            # Ctrl-C reaches this process alone, which then ends the others in order.
            start_new_session=True,
        )


class Graph:
    """Processes of one graph; leaving the context ends them all.

    Raises:
        GraphError: rclpy is not installed, or no ROS domain is free.
    """

    def __init__(self) -> None:
        if find_spec("rclpy") is None:
            how = "run `make demo`, or source your ROS 2 installation; without one, "
            raise GraphError(how + missing_extra("this", "ros"))
        self._claim = contextlib.ExitStack()
        try:
            domain = self._claim.enter_context(claimed_domain())
        except DomainError as error:
            raise GraphError(str(error)) from None
        self.environment = graph_environment(domain)
        self._processes: list[NodeProcess] = []

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def start(
        self,
        node: str,
        parameters: Mapping[str, Any],
        params_file: Path | None = None,
        namespace: str = "",
    ) -> NodeProcess:
        """Start a node by its executable; ``parameters`` win over those of the file."""
        arguments = ["--ros-args"]
        if namespace:
            arguments += ["-r", f"__ns:={namespace}"]
        if params_file is not None:
            arguments += ["--params-file", str(params_file)]
        process = NodeProcess(node, [*arguments, *_arguments(parameters)], self.environment)
        self._processes.append(process)
        return process

    def wait(self, awaited: NodeProcess) -> None:
        """Wait until one process ends.

        Raises:
            GraphError: this or another process failed.
        """
        while awaited.poll() is None:
            self.require_success()
            time.sleep(POLL_S)
        _require_success(awaited)

    def require_success(self) -> None:
        """Look at all processes once.

        Raises:
            GraphError: one failed.
        """
        for process in self._processes:
            _require_success(process)

    def interrupt(self, process: NodeProcess, awaited: NodeProcess) -> None:
        """End ``process`` and give ``awaited`` time to end by itself."""
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            awaited.wait(GRACE_S)

    def end(self) -> None:
        """End all processes, by force where they do not end in time."""
        for process in self._running():
            process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + GRACE_S
        for process in self._running():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._claim.close()

    def _running(self) -> Iterator[NodeProcess]:
        return (process for process in self._processes if process.poll() is None)


def _require_success(process: NodeProcess) -> None:
    if process.poll():
        raise GraphError(f"{process.node} ended with status {process.returncode}")


def _arguments(parameters: Mapping[str, Any]) -> list[str]:
    """Parameters as ROS arguments."""
    pairs = (("-p", f"{name}:={_as_yaml(value)}") for name, value in parameters.items())
    return [argument for pair in pairs for argument in pair]


def _as_yaml(value: Any) -> str:
    """A parameter's value; text is quoted, so that it stays text whatever it says."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_as_yaml, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
