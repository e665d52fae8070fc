"""Diagnostics of the keyframe selector on ``/diagnostics``."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping

from rclpy.node import Node

from mininet_ros.nodes.common import diagnostics
from mininet_ros.nodes.common.diagnostics import (
    ERROR,
    OK,
    WARN,
    Status,
    clock_problem,
    input_problem,
)
from mininet_ros.nodes.common.recent_values import quantile
from mininet_ros.nodes.common.topics import OnDemandSubscription
from mininet_ros.nodes.keyframes.class_names import ClassNames
from mininet_ros.nodes.keyframes.interest import TeamInterest
from mininet_ros.nodes.keyframes.outputs import KeyframeOutputs
from mininet_ros.nodes.keyframes.session import KeyframeSession

# Number of reports, one a second, that count as recent.
RECENT_REPORTS = 5
# Outcomes of an image; each image has exactly one.
_OUTCOMES = ("decided", "refused", "rejected_images", "overrun", "abandoned")
# A killed process stays in the graph until the middleware drops it; Fast DDS needs 20 s for that.
GIVEN_UP_S = 30.0


class KeyframeHealth:
    """Counts events and derives the health of the node.

    Args:
        node: node that reports.
        session, outputs, names, interest: parts of the node whose counts are reported.
        inputs: subscriptions of the node: "image", "mask", "confidence", "camera_info".
    """

    def __init__(
        self,
        node: Node,
        session: KeyframeSession,
        outputs: KeyframeOutputs,
        names: ClassNames,
        interest: TeamInterest,
        inputs: Mapping[str, OnDemandSubscription],
    ) -> None:
        self.received = 0  # images received, processed or not
        self.failures = 0
        self.last_failure = ""
        self._node = node
        self._session = session
        self._outputs = outputs
        self._names = names
        self._interest = interest
        self._inputs = inputs
        self._history: deque[Counter[str]] = deque([Counter()], maxlen=RECENT_REPORTS)
        self._several_since: dict[str, float] = {}  # by topic, in seconds of a monotonic clock

    def note_failure(self, error: Exception) -> None:
        """Count an error of the node itself."""
        self.failures += 1
        self.last_failure = f"{type(error).__name__}: {error}"

    def status(self, mode: str, targets: Mapping[str, float]) -> Status:
        """Return the present status; call it once a second, while the session is idle.

        Args:
            mode: mode of the selector.
            targets: weight of each target class by its name.
        """
        counts = self._counts()
        recent = counts - self._history[0]  # positive differences only
        self._history.append(counts)
        level, message = self._judgement(recent, mode, targets)
        statistics = self._session.pipeline.selector.statistics()
        session = self._session
        return Status(
            level,
            message,
            {
                "mode": mode,
                "targets": ", ".join(f"{name}: {weight:g}" for name, weight in targets.items()),
                "class_names_from": self._names.source,
                **{f"{name}_size": size for name, size in sorted(session.sizes.items())},
                **dict(sorted(counts.items())),
                # The number received is the sum of _OUTCOMES and of queued, pairing and waiting.
                "received": self.received,
                "queued": self.received - counts["images"],
                "pairing": len(session.store),
                "waiting": statistics.waiting,
                "restarts": statistics.restarts,
                "requests": statistics.requests,
                "unanswered": statistics.unanswered,
                "last_unanswered": statistics.last_unanswered,
                "scoring_median_ms": 1e3 * quantile(list(session.scoring_s), 0.5),
                "scoring_p95_ms": 1e3 * quantile(list(session.scoring_s), 0.95),
                **{
                    f"scoring_{part}_mean_ms": ms
                    for part, ms in session.pipeline.scorer.times.mean_ms().items()
                },
                "delay_median_ms": 1e3 * quantile(list(session.delay_s), 0.5),
                "team_interest": self._interest.text(),
                "team_interest_received": self._interest.received,
                **self._outputs.team.values(),
                "lost": sum(subscription.lost for subscription in self._inputs.values()),
            },
        )

    def _counts(self) -> Counter[str]:
        decided = self._session.pipeline.selector.statistics().decided
        counts = Counter({f"decided: {reason.value}": n for reason, n in decided.items()})
        counts.update(dict.fromkeys(_OUTCOMES, 0))
        counts.update(images=0, forwarded=0, rejected=0, failed=self.failures)
        counts.update(self._session.counts)
        rejected = {n: c for n, c in self._session.counts.items() if n.startswith("rejected: ")}
        counts["rejected_images"] = sum(rejected.values())
        counts.update(self._session.store.counts)
        counts.update(self._outputs.counts)
        counts.update(self._outputs.companions.counts)
        return counts

    def _judgement(
        self, recent: Counter[str], mode: str, targets: Mapping[str, float]
    ) -> tuple[bytes, str]:
        """Return the level of the node's health and the reasons, the worst first."""
        images, masks = self._inputs["image"], self._inputs["mask"]
        names_problem = self._names.problem(targets)
        if recent["failed"]:
            return ERROR, f"frames fail: {self.last_failure}"
        if names_problem:
            return (ERROR if self._names.known else WARN), names_problem
        if not images.active:
            for problem in filter(None, self._team_problems()):
                return WARN, problem
            return OK, "idle: nobody subscribes to an output"
        rejected = f"messages are rejected: {self._outputs.last_rejection}"
        refused = f"images are refused: {self._session.last_refusal}"
        overrun = (
            f"the inbox was full for {recent['overrun']} images of the last seconds: the node "
            "falls behind the camera, so lower the camera's rate"
        )
        problems = (
            rejected if recent["rejected"] else None,
            self._several_publishers(recent),
            input_problem(self._node, images) or clock_problem(self._node),
            refused if recent["refused"] else None,
            self._mask_problem(recent) if masks.active else None,
            overrun if recent["overrun"] else None,
            self._outputs.companions.problem(recent),
            *self._team_problems(),
        )
        for problem in filter(None, problems):
            return WARN, problem
        return OK, f"selecting keyframes of {images.topic} in mode {mode}"

    def _team_problems(self) -> tuple[str | None, str | None]:
        return self._outputs.team.problem(), self._interest.problem(self._names.names)

    def _several_publishers(self, recent: Counter[str]) -> str | None:
        """Return which publishers share a topic, once all of them are known to be alive."""
        now = time.monotonic()
        for name, subscription in self._inputs.items():
            topic = subscription.topic
            count = self._node.count_publishers(topic)
            if not subscription.active or count < 2:
                self._several_since.pop(topic, None)
                continue
            lasting_s = now - self._several_since.setdefault(topic, now)
            if recent[f"repeated_{name}"] or lasting_s > GIVEN_UP_S:
                return (
                    f"{count} nodes publish {subscription.topic}: of messages with the same stamp "
                    "the first is taken; stop all but one, or give each robot its namespace"
                )
        return None

    def _mask_problem(self, recent: Counter[str]) -> str | None:
        masks = self._inputs["mask"]
        if not self._node.count_publishers(masks.topic):
            if masks.received:
                return (
                    f"the segmentation node has stopped: nobody publishes {masks.topic} any more, "
                    "so frames are judged without content"
                )
            return (
                f"nobody publishes {masks.topic}, so frames are judged without content: start the "
                "segmentation node, or set the parameter classes to ['']"
            )
        if masks.incompatible_policy is not None:
            return (
                f"the publisher of {masks.topic} offers another {masks.incompatible_policy} than "
                "this node asks for: set the parameter reliability"
            )
        if recent["mask_without_image"] and not recent["scored_with_mask"]:
            return (
                f"no mask on {masks.topic} has the stamp of an image: its publisher has to copy "
                "the header of the image"
            )
        if recent["late_mask"]:
            return (
                f"{recent['late_mask']} masks of the last seconds came after their images were "
                "judged: raise the parameter mask_wait_s, or lower the rate of the camera"
            )
        if masks.silent_s() > diagnostics.SILENCE_S:
            return f"no mask on {masks.topic} for {masks.silent_s():.0f} s"
        return None
