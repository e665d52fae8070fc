"""Judges selections by the maps that COLMAP makes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.reconstruction.colmap import Map, Mapper, import_pycolmap
from mininet_ros.lab.keyframes.trials.degraded import degrade
from mininet_ros.lab.keyframes.trials.drive import Drive, restamped
from mininet_ros.lab.keyframes.trials.outcome import Trial, Value, forwarded, percent, select
from mininet_ros.offline.baselines import CHOSEN_BY_QUALITY, even_choice
from mininet_ros.offline.evaluation import JudgedFrame
from mininet_ros.offline.exact import choose_exactly
from mininet_ros.offline.selection import DecidedFrame
from mininet_ros.offline.views import ViewCollector
from mininet_ros.sequences import LabelledFrame, SequenceError

HELD_OUT = 30  # frames that are looked for in each map
NEAR_M = 1.0
LEAST_ALIGNED = 3  # frames in a map that can be laid over true positions


def reconstruct_trial(
    drive: Drive, settings: KeyframeSettings, progress: Callable[[str], None]
) -> Trial:
    """Map the selections of the clean and of the degraded drive, and find other frames in them.

    All ways of choosing take as many frames as ours. The same held-out frames are looked for in all
    maps of a drive: such as no way has chosen and nothing has degraded.

    Args:
        drive: the frames, with true positions and intrinsics where they are known.
        settings: of the selector.
        progress: told what comes next.

    Raises:
        ReconstructionError: pycolmap is not installed.
        SequenceError: the selector takes fewer than three frames.
    """
    clean = restamped(drive.frames, drive.rate_hz)
    worse, bad = degrade(clean)
    rows = _rows(drive, "clean", clean, [False] * len(clean), settings, progress)
    rows += _rows(drive, "degraded", worse, bad, settings, progress)
    return Trial(
        "reconstruct",
        f"COLMAP maps the chosen frames of {drive.name} ({len(clean)} frames; degraded: "
        f"{sum(bad)} of them by blur, dark and glare) and looks for frames that nobody chose. "
        "Registered: of the chosen ones. Found: of those looked for.",
        tuple(rows),
    )


def _rows(
    drive: Drive,
    condition: str,
    frames: Sequence[LabelledFrame],
    bad: Sequence[bool],
    settings: KeyframeSettings,
    progress: Callable[[str], None],
) -> list[dict[str, Value]]:
    ways = choices(select(settings, frames, drive.classes))
    ways["exact"] = _exact(frames, len(ways["ours"]), settings.selector.min_overlap)
    held_out = _held_out(ways, bad)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        images = [labelled.frame.image for labelled in frames]
        mapper = Mapper(Path(folder) / "colmap", images, drive.camera_matrix)
        for name, chosen in ways.items():
            progress(f"{condition}, {name.replace('_', ' ')}")
            built = mapper.build(chosen)
            found = mapper.locate(built, held_out)
            rows.append(
                {
                    "drive": condition,
                    "selector": name.replace("_", " "),
                    "frames": len(chosen),
                    **_figures(built, len(chosen), held_out, found, drive.positions),
                }
            )
    return rows


def choices(decided: Sequence[DecidedFrame]) -> dict[str, list[int]]:
    """Ours and the other ways of choosing as many frames.

    Raises:
        SequenceError: ours are fewer than three frames.
    """
    chosen = forwarded(decided)
    if len(chosen) < LEAST_ALIGNED:
        raise SequenceError(
            f"the selector takes {len(chosen)} of {len(decided)} frames, too few for a map; give "
            "a longer recording or another --preset"
        )
    scored = [JudgedFrame(f.decision.scores, (), 0) for f in decided if f.decision.scores]
    ways = {"ours": chosen, "every_n": even_choice(len(decided), len(chosen))}
    return ways | {name: choose(scored, len(chosen)) for name, choose in CHOSEN_BY_QUALITY.items()}


def _exact(frames: Sequence[LabelledFrame], count: int, min_overlap: float) -> list[int]:
    """What ``--count`` chooses: the set that knows the whole drive."""
    collector = ViewCollector()
    for labelled in frames:
        collector.add(labelled)
    return list(choose_exactly(collector.views(), count, min_overlap, 1.0).chosen)


def _held_out(ways: Mapping[str, Sequence[int]], bad: Sequence[bool]) -> list[int]:
    taken = set().union(*ways.values())
    free = [index for index in range(len(bad)) if index not in taken and not bad[index]]
    return [free[i] for i in even_choice(len(free), min(HELD_OUT, len(free)))] if free else []


def _figures(
    built: Map,
    count: int,
    held_out: Sequence[int],
    found: Mapping[int, np.ndarray],
    positions: np.ndarray | None,
) -> dict[str, Value]:
    figures: dict[str, Value] = {
        "registered %": percent(len(built.registered) / count),
        "points": built.points,
        "error px": None if built.error_px is None else round(built.error_px, 2),
        "looked for": len(held_out),
        "found %": percent(len(found) / len(held_out)) if held_out else None,
    }
    if positions is not None:
        figures |= _metric_figures(built, held_out, found, positions)
    return figures


def _metric_figures(
    built: Map,
    held_out: Sequence[int],
    found: Mapping[int, np.ndarray],
    positions: np.ndarray,
) -> dict[str, Value]:
    """How far the map and the found frames are from the truth, laid over it by a similarity."""
    known = [i for i, index in enumerate(built.registered) if np.isfinite(positions[index]).all()]
    sought = [index for index in held_out if np.isfinite(positions[index]).all()]
    figures: dict[str, Value] = {
        "trajectory error m": None,
        f"found within {NEAR_M:g} m %": 0.0 if sought else None,
    }
    if len(known) < LEAST_ALIGNED:
        return figures
    own = built.positions()[known]
    true = positions[[built.registered[i] for i in known]]
    laid = import_pycolmap().estimate_sim3d(own, true)
    if laid is None:
        return figures
    scale, turned = laid.scale, laid.rotation.matrix()

    def placed(points: np.ndarray) -> np.ndarray:
        return scale * points @ turned.T + laid.translation

    errors = np.linalg.norm(placed(own) - true, axis=1)
    figures["trajectory error m"] = round(float(np.sqrt(np.mean(errors**2))), 3)
    if sought:
        near = [
            index in found
            and bool(np.linalg.norm(placed(found[index]) - positions[index]) <= NEAR_M)
            for index in sought
        ]
        figures[f"found within {NEAR_M:g} m %"] = percent(sum(near) / len(near))
    return figures
