"""Stamps of the keyframes that a V-SLAM system took, to be answered offline."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path


def read_requests(path: Path) -> list[int]:
    """Read stamps from a text file, one in each line.

    The first column counts, in seconds on the recording's own clock; columns are parted by spaces
    or commas, and lines that start with `#` are passed over. Keyframe trajectories in the format
    of the TUM RGB-D benchmark, as ORB-SLAM writes them, are such files.

    Returns:
        Stamps in ns, in the order of the file.

    Raises:
        ValueError: the file cannot be read, or a line does not start with a number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the requests in {path} cannot be read: {error}") from error
    stamps = []
    for number, line in enumerate(lines, start=1):
        columns = line.replace(",", " ").split()
        if not columns or columns[0].startswith("#"):
            continue
        try:
            stamps.append(int((Decimal(columns[0]) * 10**9).to_integral_value()))
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise ValueError(
                f"line {number} of {path} must start with a stamp in seconds, not {columns[0]!r}"
            ) from error
    return stamps
