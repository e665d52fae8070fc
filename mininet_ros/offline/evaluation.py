"""Evaluation of a selection against ground truth: what it shows, and how well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.offline.truth import Sighting

# Instances seen in fewer frames than this are noise of the labels.
MIN_FRAMES = 5

JPEG_QUALITY = 85


@dataclass(frozen=True)
class JudgedFrame:
    """Scores and ground truth of one frame.

    Attributes:
        scores: scores of the frame, with nothing sent before.
        sightings: target instances that the frame shows.
        jpeg_bytes: size of the frame as a JPEG, bytes.
    """

    scores: FrameScores
    sightings: tuple[Sighting, ...]
    jpeg_bytes: int

    @property
    def stamp_ns(self) -> int:
        """Stamp of the frame, nanoseconds."""
        return self.scores.stamp_ns


@dataclass(frozen=True)
class SelectionMetrics:
    """Metrics of a selection of frames.

    Attributes:
        frames: number of selected frames.
        instance_recall: share of the instances shown whole in some frame of the sequence that the
            selection also shows whole, 0 to 1.
        pixel_recall: largest view of each instance in the selection divided by its largest view in
            the sequence, averaged with the latter as weight, 0 to 1.
        cut_share: share of the selected frames in which the border cuts an instance, 0 to 1.
        sharpness: mean sharpness of the selected frames, 0 to 1.
        clipped: mean share of clipped channel values in the selected frames, 0 to 1.
        largest_gap_s: longest time without a selected frame, from the first frame of the sequence
            to the last, seconds.
        bytes: size of the selected frames as JPEG.
    """

    frames: int
    instance_recall: float
    pixel_recall: float
    cut_share: float
    sharpness: float
    clipped: float
    largest_gap_s: float
    bytes: int


def judge_frame(
    scores: FrameScores, sightings: tuple[Sighting, ...], image: np.ndarray
) -> JudgedFrame:
    """Combine scores and ground truth of a frame.

    Args:
        scores: scores of the frame, with nothing sent before.
        sightings: instances that the frame shows, from ground truth.
        image: (H, W, 3) uint8 BGR.
    """
    _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return JudgedFrame(scores, sightings, len(code))


def lasting_instances(frames: Sequence[JudgedFrame]) -> set[int]:
    """Return the instances that are seen in at least 5 frames."""
    counts = Counter(seen.instance for frame in frames for seen in frame.sightings)
    return {instance for instance, count in counts.items() if count >= MIN_FRAMES}


def whole_instances(frame: JudgedFrame, among: set[int]) -> set[int]:
    """Return those of the instances that the frame shows whole and legibly."""
    return {seen.instance for seen in frame.sightings if seen.whole} & among


def measure_selection(frames: Sequence[JudgedFrame], selected: Sequence[int]) -> SelectionMetrics:
    """Compute the metrics of a selection.

    Args:
        frames: all frames of the sequence.
        selected: indices of the selected frames.

    Raises:
        ValueError: the sequence is empty.
    """
    if not frames:
        raise ValueError("A selection can only be judged on a sequence with frames, got none.")
    lasting = lasting_instances(frames)
    chosen = [frames[index] for index in sorted(selected)]
    possible = set().union(*(whole_instances(frame, lasting) for frame in frames))
    reached = set().union(*(whole_instances(frame, lasting) for frame in chosen))
    largest, largest_sent = _largest_views(frames, lasting), _largest_views(chosen, lasting)
    cut = [any(seen.cut for seen in frame.sightings) for frame in chosen]
    ends = [frames[0].stamp_ns, *(frame.stamp_ns for frame in chosen), frames[-1].stamp_ns]
    return SelectionMetrics(
        frames=len(chosen),
        instance_recall=len(reached) / len(possible) if possible else 1.0,
        pixel_recall=(sum(largest_sent.values()) / sum(largest.values()) if largest else 1.0),
        cut_share=float(np.mean(cut)) if chosen else 0.0,
        sharpness=_mean(frame.scores.sharpness for frame in chosen),
        clipped=_mean(frame.scores.clipped for frame in chosen),
        largest_gap_s=float(np.diff(ends).max()) / 1e9,
        bytes=sum(frame.jpeg_bytes for frame in chosen),
    )


def _largest_views(frames: Sequence[JudgedFrame], among: set[int]) -> dict[int, int]:
    largest: dict[int, int] = {}
    for frame in frames:
        for seen in frame.sightings:
            if seen.instance in among:
                largest[seen.instance] = max(seen.pixels, largest.get(seen.instance, 0))
    return largest


def _mean(values: Iterable[float]) -> float:
    collected = list(values)
    return float(np.mean(collected)) if collected else 0.0
