"""Checks which conclusions of the paper hold for the mIoU measured here, given several seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mininet_ros.lab.study.paper import ANALYSIS, BENCHMARK
from mininet_ros.lab.study.rows import same_network

# Loss of mIoU allowed by "as good as" and "costs little"; in the paper it is 0.3 and 0.4 points.
MARGIN = 0.01
# Two-sided 95 % quantiles of Student's t by degrees of freedom; above, the normal distribution's.
T_95 = (
    *(12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23),
    *(2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09, 2.09),
    *(2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04),
)
NORMAL_95 = 1.96

HOLDS = "holds"
FAILS = "does not hold"
UNDECIDED = "cannot be told apart"
UNKNOWN = "not measured"


@dataclass(frozen=True)
class Claim:
    """A conclusion of the paper about two networks.

    Attributes:
        text: text of the claim.
        network, other: names of the two networks in this package.
        allowed_loss: largest allowed mIoU of ``other`` minus that of ``network``, 0 to 1.
    """

    text: str
    network: str
    other: str
    allowed_loss: float = 0.0


@dataclass(frozen=True)
class Finding:
    """Result of checking a claim against the measurements.

    Attributes:
        claim: claim that was checked.
        verdict: :data:`HOLDS`, :data:`FAILS`, :data:`UNDECIDED` or :data:`UNKNOWN`.
        difference: mean mIoU of ``network`` minus that of ``other``; None if not measured.
        uncertainty: half the width of the 95 % interval of the difference; None if no network has
            two seeds.
        reason: reason for the verdict, in words.
    """

    claim: Claim
    verdict: str
    difference: float | None
    uncertainty: float | None
    reason: str

    def __str__(self) -> str:
        return f"{self.claim.text}: {self.verdict} ({self.reason})"


CLAIMS = {
    ANALYSIS: (
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
        Claim(
            "IV: multi-dilation is better than the least dilation", "mininet_v2_m", "mininet_v2_1"
        ),
        Claim("IV: multi-dilation is better than double dilation", "mininet_v2_m", "mininet_v2_2"),
        Claim(
            "V: the reduced output resolution costs little",
            "mininet_v2_m_r",
            "mininet_v2_m",
            MARGIN,
        ),
    ),
    BENCHMARK: (
        Claim("VI-VIII: MiniNet-v2 is better than its cpu variant", "mininet_v2", "mininet_v2_cpu"),
        Claim("VI-VIII: MiniNet-v2 is better than ERFNet", "mininet_v2", "erfnet_s"),
        Claim("VI-VIII: MiniNet-v2-cpu is better than MiniNet", "mininet_v2_cpu", "mininet"),
    ),
}


@dataclass(frozen=True)
class SeedVariance:
    """Variance of the mIoU over the seeds of one network.

    Attributes:
        value: unbiased variance of the mIoU.
        freedom: degrees of freedom of the variance.
    """

    value: float
    freedom: int

    def uncertainty(self, count: int, other_count: int) -> float:
        """Return half the width of the 95 % interval of the difference of two means.

        Args:
            count, other_count: number of seeds that each mean is taken over.
        """
        error = math.sqrt(self.value * (1 / count + 1 / other_count))
        return error * (T_95[self.freedom - 1] if self.freedom <= len(T_95) else NORMAL_95)


def pooled_variance(groups: Iterable[Sequence[float]]) -> SeedVariance | None:
    """Pool the variance over the seeds of networks with the same training; None without a pair.

    Two or three seeds are too few for the variance of one network. Pooled over ten networks they
    are enough.
    """
    groups = [values for values in groups if values]
    freedom = sum(len(values) - 1 for values in groups)
    if freedom == 0:
        return None
    squares = sum((x - statistics.fmean(values)) ** 2 for values in groups for x in values)
    return SeedVariance(squares / freedom, freedom)


def judge(
    claim: Claim, mious: Sequence[float], others: Sequence[float], variance: SeedVariance | None
) -> Finding:
    """Compare two networks by the mIoU (0 to 1) of their seeds.

    The 95 % interval of the difference of the means uses Student's t distribution and the same
    ``variance`` for both networks. The claim holds if the whole interval is above
    ``-allowed_loss``. It fails if the whole interval is below. Otherwise it is undecided.
    """
    if not mious or not others:
        return Finding(claim, UNKNOWN, None, None, "not trained")
    difference = statistics.fmean(mious) - statistics.fmean(others)
    points = f"{100 * difference:+.2f} points"
    if variance is None:
        reason = f"{points}; one seed has no spread"
        return Finding(claim, UNDECIDED, difference, None, reason)
    uncertainty = variance.uncertainty(len(mious), len(others))
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


def judge_all(mious: Mapping[str, Sequence[float]], protocol: str) -> list[Finding]:
    """Check every claim about a protocol's tables whose two networks are in the study.

    Args:
        mious: mIoU (0 to 1) of each seed by network name, for networks with the same training.
        protocol: protocol of the tables, ``ANALYSIS`` or ``BENCHMARK``.
    """
    variance = pooled_variance(mious.values())
    findings = []
    for claim in CLAIMS[protocol]:
        network, other = same_network(claim.network), same_network(claim.other)
        if network in mious and other in mious:
            findings.append(judge(claim, mious[network], mious[other], variance))
    return findings
