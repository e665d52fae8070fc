"""Which of the paper's conclusions hold for the mIoU measured here, within the seeds' spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# "As good as" and "costs little", in mIoU: the paper's own such drops are 0.3 and 0.4 points.
MARGIN = 0.01
# Two-sided 95 % quantiles of Student's t by degrees of freedom; beyond, the normal one.
T_95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
NORMAL_95 = 1.96

HOLDS = "holds"
FAILS = "does not hold"
UNDECIDED = "can't be told apart"
UNKNOWN = "not measured"


@dataclass(frozen=True)
class Claim:
    """A conclusion of the paper on two networks.

    Attributes:
        text: in words.
        network, other: their names in this package.
        allowed_loss: in mIoU; the claim is that ``network`` scores more than ``other`` less this.
    """

    text: str
    network: str
    other: str
    allowed_loss: float = 0.0


@dataclass(frozen=True)
class Finding:
    """What the measurements say of a claim.

    Attributes:
        claim: which.
        verdict: :data:`HOLDS`, :data:`FAILS`, :data:`UNDECIDED` or :data:`UNKNOWN`.
        difference: of the mean mIoU, ``network`` less ``other``; None where not measured.
        uncertainty: half the width of its 95 % interval; None for fewer than two seeds each.
        reason: in words.
    """

    claim: Claim
    verdict: str
    difference: float | None
    uncertainty: float | None
    reason: str

    def __str__(self) -> str:
        return f"{self.claim.text}: {self.verdict} ({self.reason})"


CLAIMS = (
    Claim(
        "II: depthwise separable is as good as standard",
        "mininet_v2_d",
        "mininet_v2_s",
        MARGIN,
    ),
    Claim("II: MiniNet-v2's modules are better than ERFNet's", "mininet_v2_d", "erfnet_d"),
    Claim("III: a branch is better than a skip connection", "mininet_v2_d_i", "mininet_v2_d_s"),
    Claim("III: a skip connection is worse than none", "mininet_v2_d", "mininet_v2_d_s"),
    Claim("IV: dilation is better than none", "mininet_v2_e", "mininet_v2_0"),
    Claim("IV: too much dilation is worse", "mininet_v2_e", "mininet_v2_2"),
    Claim("IV: multi-dilation is better than no dilation", "mininet_v2_m", "mininet_v2_0"),
    Claim("IV: multi-dilation is better than the least dilation", "mininet_v2_m", "mininet_v2_1"),
    Claim("IV: multi-dilation is better than double dilation", "mininet_v2_m", "mininet_v2_2"),
    Claim(
        "V: the reduced output resolution costs little", "mininet_v2_m_r", "mininet_v2_m", MARGIN
    ),
    Claim("VI-VIII: MiniNet-v2 is better than its cpu variant", "mininet_v2", "mininet_v2_cpu"),
    Claim("VI-VIII: MiniNet-v2 is better than ERFNet", "mininet_v2", "erfnet_s"),
    Claim("VI-VIII: MiniNet-v2-cpu is better than MiniNet", "mininet_v2_cpu", "mininet"),
)


def judge(claim: Claim, mious: Sequence[float], others: Sequence[float]) -> Finding:
    """Compare two networks by the mIoU (0-1) of their seeds.

    The 95 % interval of the difference of the means is Student's with equal variances. A claim
    holds where the whole interval is above ``-allowed_loss``, does not where it is below, and is
    undecided between.
    """
    if not mious or not others:
        return Finding(claim, UNKNOWN, None, None, "not trained")
    difference = statistics.fmean(mious) - statistics.fmean(others)
    points = f"{100 * difference:+.2f} points"
    if min(len(mious), len(others)) < 2:
        reason = f"{points}; one seed has no spread"
        return Finding(claim, UNDECIDED, difference, None, reason)
    uncertainty = _uncertainty(mious, others)
    reason = (
        f"{points} ± {100 * uncertainty:.2f}, {len(mious)} and {len(others)} seeds"
        f"{f', {100 * claim.allowed_loss:.0f} allowed' if claim.allowed_loss else ''}"
    )
    beyond = difference + claim.allowed_loss
    verdict = UNDECIDED
    if beyond - uncertainty > 0:
        verdict = HOLDS
    elif beyond + uncertainty < 0:
        verdict = FAILS
    return Finding(claim, verdict, difference, uncertainty, reason)


def judge_all(mious: Mapping[str, Sequence[float]]) -> list[Finding]:
    """Every claim on networks both of which are among ``mious``, by name, even if untrained."""
    return [
        judge(claim, mious[claim.network], mious[claim.other])
        for claim in CLAIMS
        if claim.network in mious and claim.other in mious
    ]


def _uncertainty(first: Sequence[float], second: Sequence[float]) -> float:
    freedom = len(first) + len(second) - 2
    squares = sum(
        (value - statistics.fmean(values)) ** 2 for values in (first, second) for value in values
    )
    error = math.sqrt(squares / freedom * (1 / len(first) + 1 / len(second)))
    return error * (T_95[freedom - 1] if freedom <= len(T_95) else NORMAL_95)
