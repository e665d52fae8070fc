"""Traffic of the network interface that carries the link, including discovery of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_INTERFACES = Path("/sys/class/net")


class InterfaceCounter:
    """Bytes on the interface of a Zenoh session since the first update.

    All traffic of the interface is counted, with link headers and that of other programs.
    """

    def __init__(self, folder: Path = _INTERFACES) -> None:
        self._folder = folder
        self._name = ""
        self._first: tuple[int, int] | None = None
        self._now: tuple[int, int] | None = None

    def update(self, session: Any) -> None:
        """Read the counters of the interface that a session uses, if it has one."""
        for link in session.info.links() if session is not None else ():
            for name in link.interfaces:
                if name != self._name:
                    self._name, self._first = name, None
                self._now = self._read(name)
                self._first = self._first or self._now
                return

    def values(self) -> dict[str, object]:
        """Return figures by name, for diagnostics; empty where the system does not report them."""
        if self._first is None or self._now is None:
            return {}
        return {
            "interface": self._name,
            "interface_sent_bytes": self._now[0] - self._first[0],
            "interface_received_bytes": self._now[1] - self._first[1],
        }

    def _read(self, name: str) -> tuple[int, int] | None:
        counters = self._folder / name / "statistics"
        try:
            sent, received = (int((counters / f"{way}_bytes").read_text()) for way in ("tx", "rx"))
        except (OSError, ValueError):
            return None
        return sent, received
