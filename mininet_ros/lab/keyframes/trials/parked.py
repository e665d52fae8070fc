"""Trial ``parked``: a robot that stands, looked past by a noisy sensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mininet_ros.keyframes import Reason
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.drive import Drive, numbered
from mininet_ros.lab.keyframes.trials.outcome import Trial, Value, forwarded, select

FRAMES = 300
RATE_HZ = 10.0
NOISE = 4.0  # standard deviation, grey levels
PASSER_SHARE = 0.2  # of the picture's width and of half its height
PASSAGE = 60  # frames from one side to the other
HEARTBEAT_S = 10.0  # of the last row, unless the settings have one


def parked_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Repeat the drive's first picture for half a minute: alone, with a passer, with heartbeat."""
    picture, last = drive.frames[0].frame.image, drive.frames[-1].frame.image
    beating = settings
    if not settings.selector.heartbeat_s:
        selector = replace(settings.selector, heartbeat_s=HEARTBEAT_S)
        beating = replace(settings, selector=selector)
    rows = (
        _row("nothing moves", _noisy(picture, None), settings),
        _row("something passes", _noisy(picture, last), settings),
        _row("nothing moves, with heartbeat", _noisy(picture, None), beating),
    )
    return Trial(
        "parked",
        f"One picture of {drive.name} with new noise in each frame, {RATE_HZ:g} Hz for "
        f"{FRAMES / RATE_HZ:g} s; then with a patch of another picture that crosses the view every "
        f"{PASSAGE / RATE_HZ:g} s; then as at first with a heartbeat. A throttle would go on for "
        "ever.",
        rows,
    )


def _row(
    situation: str, scene: Iterator[np.ndarray], settings: KeyframeSettings
) -> dict[str, Value]:
    decided = select(settings, numbered(scene, RATE_HZ))
    chosen, third = forwarded(decided), FRAMES // 3
    heartbeat_s = settings.selector.heartbeat_s
    expected = 0
    if heartbeat_s and chosen:
        expected = int((FRAMES - 1 - chosen[0]) / RATE_HZ / heartbeat_s)
    return {
        "situation": situation,
        "keyframes": len(chosen),
        "of frames": FRAMES,
        "in the first third": sum(index < third for index in chosen),
        "in the last third": sum(index >= FRAMES - third for index in chosen),
        "heartbeat s": heartbeat_s,
        "heartbeats": sum(frame.decision.reason is Reason.HEARTBEAT for frame in decided),
        "expected if nothing moves": expected,
    }


def _noisy(picture: np.ndarray, passer: np.ndarray | None) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(0)
    height, width = picture.shape[:2]
    across, up = max(1, int(PASSER_SHARE * width)), height // 2
    for index in range(FRAMES):
        scene = picture.astype(np.float32)
        if passer is not None:
            left = int((index % PASSAGE) / PASSAGE * (width - across))
            scene[height - up :, left : left + across] = passer[:up, :across]
        scene += generator.standard_normal(scene.shape, dtype=np.float32) * NOISE
        yield np.clip(np.rint(scene), 0, 255).astype(np.uint8)
