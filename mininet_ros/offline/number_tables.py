"""Text files with a row of numbers in each line, and the stamps in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from mininet_ros.sequences import Sequence
from mininet_ros.sequences.files import UNITS_NS

KITTI_COLUMNS = 12
"""Columns of a pose in the format of KITTI, a 3x4 matrix; such files have no times."""

MOST_NS = 2**63 - 1  # a stamp has 64 bits


@dataclass(frozen=True)
class Row:
    """One line of a file.

    Attributes:
        place: the line for people, such as ``line 3 of poses.txt``.
        columns: texts of the columns, at least one.
    """

    place: str
    columns: tuple[str, ...]

    def numbers(self) -> list[float]:
        """Return the columns as numbers.

        Raises:
            ValueError: a column is no finite number.
        """
        numbers = [_number(text) for text in self.columns]
        for text, number in zip(self.columns, numbers):
            if number is None:
                raise ValueError(f"{self.place} holds {text!r}, which is no number")
        return [float(number) for number in numbers if number is not None]

    def stamp_ns(self) -> int:
        """Return the first column as a stamp in ns.

        It is in seconds. A whole number of 13, 16 or 19 digits is in milli-, micro- or nanoseconds.

        Raises:
            ValueError: the column is no number, or no time that a stamp of 64 bits can hold.
        """
        text = self.columns[0]
        number = _number(text)
        unit = UNITS_NS.get(len(text)) if text.isdecimal() else None
        stamp = None if number is None else number * (unit or 10**9)
        if stamp is None or abs(stamp) > MOST_NS:
            raise ValueError(f"{self.place} must start with a stamp in seconds, not {text!r}")
        return int(stamp.to_integral_value())


def read_rows(path: Path, what: str) -> list[Row]:
    """Read the lines of a text file whose columns are separated by spaces, commas or semicolons.

    Empty lines and lines that start with ``#`` are ignored, and so is a first line of column names.

    Args:
        path: path of the file.
        what: content of the file, for messages, such as ``requests``.

    Returns:
        At least one line.

    Raises:
        ValueError: the file cannot be read or holds no numbers.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text file"
        raise ValueError(f"the {what} in {path} cannot be read: {reason}") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        columns = tuple(line.replace(",", " ").replace(";", " ").split())
        if columns and not columns[0].startswith("#"):
            rows.append(Row(f"line {number} of {path}", columns))
    names = len(rows) > 1 and _number(rows[0].columns[0]) is None
    if names and _number(rows[1].columns[0]) is not None:
        del rows[0]
    if not rows:
        raise ValueError(f"{path} holds no {what}: give a file with one in each line")
    return rows


@dataclass(frozen=True)
class Span:
    """Time of a recording on its own clock.

    Attributes:
        start_ns: stamp of the first frame, ns.
        end_ns: about the stamp of the last frame, ns; None where it is not known.
    """

    start_ns: int
    end_ns: int | None

    def touches(self, first_ns: int, last_ns: int) -> bool:
        """Return whether some stamps, from the first to the last, reach into the recording."""
        return last_ns >= self.start_ns and (self.end_ns is None or first_ns <= self.end_ns)

    def __str__(self) -> str:
        if self.end_ns is None:
            return f"from {self.start_ns / 1e9:.3f} s on"
        return f"from {time_span(self.start_ns, self.end_ns)}"


def span_of(sequence: Sequence) -> Span:
    """Return the time of a recording, from its length and rate."""
    if sequence.length is None:
        return Span(sequence.start_ns, None)
    duration_ns = round(sequence.length * 1e9 / sequence.rate_hz)
    return Span(sequence.start_ns, sequence.start_ns + duration_ns)


def time_span(first_ns: int, last_ns: int) -> str:
    """Return two stamps for people."""
    return f"{first_ns / 1e9:.3f} s to {last_ns / 1e9:.3f} s"


def _number(text: str) -> Decimal | None:
    """Return a text as a number that is finite as a float, too; None where it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if math.isfinite(float(number)) else None
