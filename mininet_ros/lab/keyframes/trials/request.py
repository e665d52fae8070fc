"""Trial ``request``: a V-SLAM system asks for a frame every second; how near is the answer?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
MATCHED = 20  # consistent matches below which two views have nothing in common


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
    figures = [_figures(drive, wanted, answer) for wanted, answer in pairs]
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
    finder = cv2.ORB_create(FEATURES)
    found = [finder.detectAndCompute(_gray(picture), None) for picture in (one, other)]
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


def _figures(drive: Drive, wanted: DecidedFrame, answer: DecidedFrame) -> dict[str, float | None]:
    quality = wanted.decision.scores.quality if wanted.decision.scores else 0.0
    answered = answer.decision.scores.quality if answer.decision.scores else 0.0
    images = [drive.frames[frame.index].frame.image for frame in (wanted, answer)]
    return {
        "distance": 0.0 if wanted.index == answer.index else view_distance(*images),
        "gain": answered / quality - 1.0 if quality > 0.0 else None,
        "latency": (answer.stamp_ns + answer.delay_ns - wanted.stamp_ns) / 1e6,
    }


def _row(asked: int, figures: Sequence[dict[str, float | None]]) -> dict[str, Value]:
    distances = [f["distance"] for f in figures if f["distance"] is not None]
    gains = [f["gain"] for f in figures if f["gain"] is not None]
    latencies = [f["latency"] for f in figures]
    return {
        "asked": asked,
        "answered": len(figures),
        "the very frame": sum(distance == 0.0 for distance in distances),
        "nothing in common": len(figures) - len(distances),
        "distance, median px": _rounded(np.median, distances),
        "most px": _rounded(np.max, distances),
        "quality gain, median %": _rounded(np.median, [100.0 * gain for gain in gains]),
        "latency, median ms": _rounded(np.median, latencies),
        "most ms": _rounded(np.max, latencies),
    }


def _rounded(statistic: object, values: Sequence[float]) -> float | None:
    return round(float(statistic(values)), 1) if values else None
