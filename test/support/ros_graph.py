"""A ROS graph of a test's own: a domain that nobody else uses, nodes in processes, an observer."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mininet_ros.demo.domain import claimed_domain

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "config" / "fastdds_images.xml"
ASK_AGAIN_S = 3.0
TIMEOUT_S = 30.0
# Away from the default 0, and below what collides with ephemeral ports.
DOMAINS = range(10, 70)


@pytest.fixture
def ros_domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Id of a domain that is this test's own, also among other test runs on this machine."""
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    with claimed_domain(DOMAINS) as domain:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        for variable in ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"):
            monkeypatch.setenv(variable, str(PROFILE))
        yield domain


@pytest.fixture
def graph(ros_domain: int, tmp_path: Path) -> Iterator[Graph]:
    """A graph that is taken down after the test."""
    graph = Graph(ros_domain, tmp_path)
    try:
        yield graph
    finally:
        graph.close()


class NodeProcess:
    """A node as its users run it.

    Args:
        folder: for what it prints.
        module: name of an executable.
        arguments: of the command line.
    """

    def __init__(self, folder: Path, module: str, *arguments: str) -> None:
        folder.mkdir(parents=True)
        self._output, self._errors = folder / "output", folder / "errors"
        with self._output.open("w") as output, self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mininet_ros.nodes", module, *arguments],
                cwd=ROOT,
                stdout=output,
                stderr=errors,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def wait(self) -> int:
        """Wait for the end of the process and return its exit status."""
        return self.process.wait(TIMEOUT_S)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal, and wait."""
        self.process.send_signal(number)
        return self.wait()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Graph:
    """Nodes, publishers and listeners of one test; spun by the test itself.

    Args:
        domain: id of the ROS domain.
        folder: for what its processes print.
    """

    def __init__(self, domain: int, folder: Path) -> None:
        import rclpy
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor

        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._folder = folder
        self._processes = 0
        self._closing = contextlib.ExitStack()
        self.observer = rclpy.create_node("observer", context=self.context)
        self.add(self.observer)

    def add(self, node):
        """Spin a node, too; it is closed and destroyed at the end."""
        self._executor.add_node(node)
        self._closing.callback(node.destroy_node)
        if hasattr(node, "close"):
            self._closing.callback(node.close)
        return node

    def start(self, module: str, *ros_arguments: str) -> NodeProcess:
        """Start a node of the package as a process of its own."""
        self._processes += 1
        folder = self._folder / "processes" / str(self._processes)
        process = NodeProcess(folder, module, "--ros-args", *ros_arguments)
        self._closing.callback(process.close)
        return process

    def listen(self, message_type: type, topic: str, qos=100) -> list:
        """Return the list that the messages of a topic are added to."""
        messages = []
        self.observer.create_subscription(message_type, topic, messages.append, qos)
        return messages

    def publisher(self, message_type: type, topic: str, qos=10):
        return self.observer.create_publisher(message_type, topic, qos)

    def spin_until(self, condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
        """Spin until the condition holds; fail where it does not in time."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "timed out"
            self._executor.spin_once(timeout_sec=0.02)

    def spin_for(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)

    def next_report(self, reports: list, name: str, condition: Callable[..., object]) -> tuple:
        """Return the next diagnostic status of a name that meets the condition, and its values.

        Args:
            reports: the list of a listener to /diagnostics; it is emptied first.
            name: of the status.
            condition: of the status and its values by name.
        """
        reports.clear()
        found = []

        def look() -> bool:
            for message in reports:
                for status in message.status:
                    values = {pair.key: pair.value for pair in status.values}
                    if status.name == name and condition(status, values):
                        found.append((status, values))
            return bool(found)

        self.spin_until(look)
        return found[0]

    def call(self, client, request):
        """Return a service's answer."""
        self.spin_until(client.service_is_ready)
        future = client.call_async(request)
        self.spin_until(future.done)
        return future.result()

    def ask(self, client, request):
        """Return a service's answer to a question that changes nothing.

        It is asked again: a server that does not know the client's reader yet loses its answer.
        """
        self.spin_until(client.service_is_ready)
        futures = []

        def answered() -> bool:
            futures.append(client.call_async(request))
            deadline = time.monotonic() + ASK_AGAIN_S
            while time.monotonic() < deadline and not any(f.done() for f in futures):
                self._executor.spin_once(timeout_sec=0.02)
            return any(future.done() for future in futures)

        self.spin_until(answered)
        return next(future for future in futures if future.done()).result()

    def close(self) -> None:
        import rclpy

        self._closing.close()
        self._executor.shutdown()
        rclpy.shutdown(context=self.context)
