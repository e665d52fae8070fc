"""Where a run is shown: a viewer of its own, or a file."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rerun as rr

from mininet_ros.view.feed import TargetLostError
from mininet_ros.view.scene import APPLICATION, Layout, Scene, blueprint

VIEWER = (sys.executable, "-m", "rerun")
"""Command that starts the viewer."""

START_S = 30.0
"""Longest time that a viewer takes to start, seconds."""

FLUSH_S = 5.0
EXIT_S = 2.0
"""Time in which a viewer ends that no longer takes anything, seconds."""

MEMORY_LIMIT = "25%"
"""Share of the machine's memory from which the viewer drops the oldest data."""

_POLL_S = 0.05
_INSTEAD = "the run goes on without it; --save-rrd FILE keeps what it would show"


class FileTarget:
    """A file that the viewer opens later: ``rerun FILE``.

    It has its name only once it is complete; an earlier file is then replaced.

    Args:
        path: path of the file.
        layout: what the run shows.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self._path = path
        self._layout = layout
        self._beside = path.with_name(f".{path.name}.part")
        self._stream = rr.RecordingStream(APPLICATION)

    def open(self) -> Scene:
        """Create the file."""
        try:
            self._path.absolute().parent.mkdir(parents=True, exist_ok=True)
            self._stream.save(self._beside, default_blueprint=blueprint(self._layout))
        except (OSError, RuntimeError) as error:
            raise TargetLostError(f"{self._path} cannot be written: {error}") from error
        return Scene(self._stream, self._layout)

    def check(self) -> None:
        """Do nothing: a file stays."""

    def close(self) -> None:
        """Complete the file."""
        try:
            self._stream.flush()
            self._stream.disconnect()
            self._beside.replace(self._path)
        except (OSError, RuntimeError) as error:
            raise TargetLostError(f"{self._path} cannot be written: {error}") from error


class ViewerTarget:
    """A viewer that is started for the run and stays open after it.

    Args:
        layout: what the run shows.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._stream = rr.RecordingStream(APPLICATION)
        # A file, not a pipe, which a viewer that outlives this process would find closed.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the viewer
        self._viewer: subprocess.Popen[bytes] | None = None

    def open(self) -> Scene:
        """Start the viewer and wait until it listens."""
        port = _free_port()
        self._viewer = subprocess.Popen(
            [
                *(*VIEWER, "--port", str(port), "--bind", "127.0.0.1"),
                *("--memory-limit", MEMORY_LIMIT, "--hide-welcome-screen", "--expect-data-soon"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            env={**os.environ, "RUST_LOG": "error"},
            # Ctrl-C ends the run, not the viewer.
            start_new_session=True,
        )
        self._wait_for(port)
        url = f"rerun+http://127.0.0.1:{port}/proxy"
        self._stream.connect_grpc(url, default_blueprint=blueprint(self._layout))
        return Scene(self._stream, self._layout)

    def check(self) -> None:
        """Raise if the viewer was closed."""
        if self._viewer is None or self._viewer.poll() is None:
            return
        error = self._error()
        what = f"cannot run here ({error})" if error else "was closed"
        raise TargetLostError(f"the Rerun viewer {what}: {_INSTEAD}")

    def close(self) -> None:
        """Send what is buffered; the viewer stays."""
        try:
            self._stream.flush(timeout_sec=FLUSH_S)
        except (OSError, RuntimeError, TimeoutError, ValueError) as error:
            if self._viewer is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._viewer.wait(EXIT_S)
            self.check()
            raise TargetLostError(f"the Rerun viewer did not take everything: {error}") from error

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            self.check()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(_POLL_S)
        raise TargetLostError(f"the Rerun viewer does not answer in {START_S:g} s: {_INSTEAD}")

    def _error(self) -> str:
        """Return the error that ended the viewer, without its place in the source; or nothing."""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        is_error = bool(lines) and lines[-1].startswith("Error: ")
        return lines[-1].rpartition(": ")[2] if is_error else ""


def missing_display() -> str | None:
    """Return a sentence if a window cannot be opened here; None if it perhaps can."""
    if not sys.platform.startswith("linux"):
        return None
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    return f"this machine has no display for the Rerun viewer: {_INSTEAD}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
