"""Trial ``parked``: a robot that stands, looked past by a noisy sensor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.drive import Drive, numbered
from mininet_ros.lab.keyframes.trials.outcome import Trial, forwarded, select

FRAMES = 300
RATE_HZ = 10.0
NOISE = 4.0  # standard deviation, grey levels
PASSER_SHARE = 0.2  # of the picture's width and of half its height
PASSAGE = 60  # frames from one side to the other


def parked_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Repeat the drive's first picture for half a minute, alone and with something that passes."""
    picture, last = drive.frames[0].frame.image, drive.frames[-1].frame.image
    rows = []
    for situation, scene in (
        ("nothing moves", _noisy(picture, None)),
        ("something passes", _noisy(picture, last)),
    ):
        chosen = forwarded(select(settings, numbered(scene, RATE_HZ)))
        third = FRAMES // 3
        rows.append(
            {
                "situation": situation,
                "keyframes": len(chosen),
                "of frames": FRAMES,
                "in the first third": sum(index < third for index in chosen),
                "in the last third": sum(index >= FRAMES - third for index in chosen),
            }
        )
    return Trial(
        "parked",
        f"One picture of {drive.name} with new noise in each frame, {RATE_HZ:g} Hz for "
        f"{FRAMES / RATE_HZ:g} s; then with a patch of another picture that crosses the view every "
        f"{PASSAGE / RATE_HZ:g} s. A throttle would go on for ever.",
        tuple(rows),
    )


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
