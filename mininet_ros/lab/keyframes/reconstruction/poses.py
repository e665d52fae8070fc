"""True camera positions of a drive, in the formats of KITTI and of the TUM RGB-D benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

KITTI_COLUMNS, TUM_COLUMNS = 12, 8
FARTHEST_S = 0.05  # from a frame's stamp to that of its pose


class PoseError(ValueError):
    """Poses cannot be used. The message is one sentence."""


def read_positions(path: Path, stamps_ns: Sequence[int]) -> np.ndarray:
    """Read the camera's positions at the frames of a drive.

    KITTI: a row-major 3x4 matrix, world from camera, in each line, one line for each frame. TUM:
    ``stamp x y z qx qy qz qw`` in each line, seconds and metres; the pose nearest in time counts.

    Args:
        path: of the text file; lines that start with ``#`` are passed over.
        stamps_ns: of the frames, on the recording's own clock.

    Returns:
        (N, 3) float64, metres; NaN where no pose is within 50 ms of a frame.

    Raises:
        PoseError: the file cannot be read, is in neither format, or does not fit the frames.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        table = np.array(rows, np.float64)
    except (OSError, ValueError) as error:
        raise PoseError(f"the poses in {path} cannot be read: {error}") from error
    columns = table.shape[1] if table.ndim == 2 else 0
    if columns == KITTI_COLUMNS:
        if len(table) < len(stamps_ns):
            raise PoseError(f"{path} has {len(table)} poses for {len(stamps_ns)} frames")
        return table[: len(stamps_ns), [3, 7, 11]]
    if columns == TUM_COLUMNS:
        return _nearest(table, np.asarray(stamps_ns, np.int64), path)
    raise PoseError(
        f"{path} has {columns} columns; poses have {KITTI_COLUMNS} (KITTI) or {TUM_COLUMNS} (TUM)"
    )


def _nearest(table: np.ndarray, stamps_ns: np.ndarray, path: Path) -> np.ndarray:
    seconds = stamps_ns / 1e9
    away = np.abs(table[None, :, 0] - seconds[:, None])
    nearest = away.argmin(axis=1)
    positions = table[nearest, 1:4]
    positions[away.min(axis=1) > FARTHEST_S] = np.nan
    if np.isnan(positions).all():
        raise PoseError(
            f"no pose in {path} is within {FARTHEST_S * 1e3:g} ms of a frame: the poses run from "
            f"{table[0, 0]:.3f} s to {table[-1, 0]:.3f} s, the frames from {seconds[0]:.3f} s to "
            f"{seconds[-1]:.3f} s"
        )
    return positions
