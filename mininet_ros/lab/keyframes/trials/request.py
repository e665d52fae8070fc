"""Trial ``request``: a V-SLAM system asks for a frame every second; how near is the answer?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mininet_ros.keyframes import Mode
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.drive import Drive, restamped
from mininet_ros.lab.keyframes.trials.outcome import Trial, Value, select
from mininet_ros.offline.selection import DecidedFrame

EVERY_S = 1.0
MATCHING_WIDTH = 640  # px
FEATURES = 1500
EVERYWHERE = np.empty(0, np.uint8)  # no mask
MATCHED = 20  # consistent matches below which two views have nothing in common


@dataclass(frozen=True)
class Answer:
    """How good the answer to one request is.

    Attributes:
        distance_px: see :func:`view_distance`; 0 for the very frame.
        gain_percent: in quality; None where the frame that was asked for has none.
        latency_ms: time of the recording from request to answer.
    """

    distance_px: float | None
    gain_percent: float | None
    latency_ms: float


def request_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Ask for the frame of each full second in mode ``request`` as soon as it has come."""
    frames = restamped(drive.frames, drive.rate_hz)
    step = max(1, round(EVERY_S * drive.rate_hz))
    asked = list(range(step, len(frames), step)) or [len(frames) // 2]
    selector = replace(settings.selector, mode=Mode.REQUEST, max_gap_s=0.0)
    stamps = [frames[index].frame.stamp_ns for index in asked]
    decided = select(replace(settings, selector=selector), frames, drive.classes, requests=stamps)
    answers = {frame.decision.request_ns: frame for frame in decided if frame.decision.forwarded}
    pairs = [
        (decided[index], answers[stamp]) for index, stamp in zip(asked, stamps) if stamp in answers
    ]
    figures = [_answer(drive, wanted, given) for wanted, given in pairs]
    return Trial(
        "request",
        f"{drive.name}: the frame of each full second is asked for when it has come. Distance: the "
        f"median way of matched features between the two pictures, px at {MATCHING_WIDTH} px "
        "width. Latency: time of the recording from request to answer.",
        (_row(len(asked), figures),),
    )


def view_distance(one: np.ndarray, other: np.ndarray) -> float | None:
    """Median way of the features that two pictures have in common.

    Args:
        one: (H, W, 3) uint8 BGR.
        other: the same size.

    Returns:
        Pixels at a width of 640; None where nothing can be matched.
    """
    finder = cv2.ORB.create(FEATURES)
    found = [finder.detectAndCompute(_gray(picture), EVERYWHERE) for picture in (one, other)]
    if any(descriptors is None for _, descriptors in found):
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(found[0][1], found[1][1])
    if len(matches) < MATCHED:
        return None
    before = np.array([found[0][0][match.queryIdx].pt for match in matches])
    after = np.array([found[1][0][match.trainIdx].pt for match in matches])
    _, kept = cv2.findFundamentalMat(before, after, cv2.FM_RANSAC, 2.0, 0.999)
    if kept is None or np.count_nonzero(kept) < MATCHED:
        return None
    inliers = kept.ravel().astype(bool)
    return float(np.median(np.linalg.norm((after - before)[inliers], axis=1)))


def _gray(picture: np.ndarray) -> np.ndarray:
    height = round(MATCHING_WIDTH * picture.shape[0] / picture.shape[1])
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.resize(gray, (MATCHING_WIDTH, height), interpolation=cv2.INTER_AREA)


def _answer(drive: Drive, wanted: DecidedFrame, given: DecidedFrame) -> Answer:
    asked, answered = wanted.decision.scores, given.decision.scores
    gain = None
    if asked is not None and answered is not None and asked.quality > 0.0:
        gain = 100.0 * (answered.quality / asked.quality - 1.0)
    images = [drive.frames[frame.index].frame.image for frame in (wanted, given)]
    return Answer(
        distance_px=0.0 if wanted.index == given.index else view_distance(*images),
        gain_percent=gain,
        latency_ms=(given.stamp_ns + given.delay_ns - wanted.stamp_ns) / 1e6,
    )


def _row(asked: int, answers: Sequence[Answer]) -> dict[str, Value]:
    distances = [answer.distance_px for answer in answers if answer.distance_px is not None]
    gains = [answer.gain_percent for answer in answers if answer.gain_percent is not None]
    latencies = [answer.latency_ms for answer in answers]
    return {
        "asked": asked,
        "answered": len(answers),
        "the very frame": sum(distance == 0.0 for distance in distances),
        "nothing in common": len(answers) - len(distances),
        "distance, median px": _median(distances),
        "most px": round(max(distances), 1) if distances else None,
        "quality gain, median %": _median(gains),
        "latency, median ms": _median(latencies),
        "most ms": round(max(latencies), 1) if latencies else None,
    }


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 1) if values else None
