"""Counts of what happened to the images that a node received."""

from __future__ import annotations

import threading
from collections import Counter

from mininet_ros.images.encodings import ImageError
from mininet_ros.nodes.common.recent_values import RecentValues, quantile

# Stamps that differ from this node's clock by more than this come from another clock.
PLAUSIBLE_LATENCY_S = (-1.0, 60.0)

OUTCOMES = ("published", "replaced", "skipped", "rejected", "failed")
COUNTS = ("received", "inferred", *OUTCOMES)


class StreamStatistics:
    """Counts since the start, and rates and durations of the last seconds.

    Every received image ends in one count: ``published``, ``replaced`` (by a newer image while it
    waited), ``skipped`` (above ``max_rate``, or without a subscriber), ``rejected`` (a bad message,
    by reason) or ``failed`` (an error of the node during its work). Until then it counts as
    ``waiting``, so that ``received`` is always the sum of the others.

    Attributes:
        last_rejection, last_failure: last error of each kind, as a sentence; "" without any.
    """

    def __init__(self) -> None:
        # Two threads count: the receiving one and the working one.
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self.last_rejection = ""
        self.last_failure = ""
        self._arrivals = RecentValues()
        self._publications = RecentValues()
        self._latencies_s = RecentValues()
        self._inferences_s = RecentValues()
        self._rejections = RecentValues()
        self._failures = RecentValues()

    def note_received(self) -> None:
        """Count an image that came in."""
        self._count("received")
        self._arrivals.add()

    def note_replaced(self) -> None:
        """Count an image that a newer one replaced while it waited."""
        self._count("replaced")

    def note_skipped(self) -> None:
        """Count an image that was not wanted: above the rate limit, or without a subscriber."""
        self._count("skipped")

    def note_inferred(self, duration_s: float) -> None:
        """Count a run of the network."""
        self._count("inferred")
        self._inferences_s.add(duration_s)

    def note_published(self, latency_s: float | None) -> None:
        """Count an image whose outputs were published.

        Args:
            latency_s: time from the image's stamp to the first output, seconds; None if the stamp
                cannot be used.
        """
        self._count("published")
        self._publications.add()
        if latency_s is not None:
            self._latencies_s.add(latency_s)

    def note_rejected(self, error: ImageError) -> None:
        """Count a bad message by its reason."""
        self._count("rejected")
        with self._lock:
            self._rejected[error.reason] += 1
        self.last_rejection = str(error)
        self._rejections.add()

    def note_failed(self, error: Exception) -> None:
        """Count an error of the node itself."""
        self._count("failed")
        self.last_failure = f"{type(error).__name__}: {error}"
        self._failures.add()

    def _count(self, outcome: str) -> None:
        with self._lock:
            self._counts[outcome] += 1

    @property
    def recent_rejections(self) -> int:
        """Return how many messages were rejected in the last seconds."""
        return len(self._rejections.values())

    @property
    def recent_failures(self) -> int:
        """Return how many images failed in the last seconds."""
        return len(self._failures.values())

    @property
    def latency_s(self) -> float:
        """Return the median latency of the last seconds; nan without any."""
        return quantile(self._latencies_s.values(), 0.5)

    @property
    def foreign_clock(self) -> bool:
        """Return whether stamps come from another clock, so that latencies mean nothing."""
        shortest, longest = PLAUSIBLE_LATENCY_S
        return self.latency_s < shortest or self.latency_s > longest

    def values(self) -> dict[str, object]:
        """Return all figures by name, for diagnostics."""
        latencies_s = self._latencies_s.values()
        with self._lock:
            counts = {name: self._counts[name] for name in COUNTS}
            reasons = {f"rejected: {reason}": n for reason, n in sorted(self._rejected.items())}
        return {
            "input_rate_hz": self._arrivals.rate_hz(),
            "output_rate_hz": self._publications.rate_hz(),
            "latency_median_ms": 1e3 * quantile(latencies_s, 0.5),
            "latency_p95_ms": 1e3 * quantile(latencies_s, 0.95),
            "inference_median_ms": 1e3 * quantile(self._inferences_s.values(), 0.5),
            **counts,
            "waiting": counts["received"] - sum(counts[name] for name in OUTCOMES),
            **reasons,
        }
