"""Progress of long work: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from tqdm import tqdm

LINE_PERIOD_S = 5.0
LINE_FORMAT = "{desc}: {n_fmt} of {total_fmt} after {elapsed}, {remaining} left"
ENDLESS_FORMAT = "{desc}: {n_fmt} after {elapsed}"  # where the total is not known


class _Lines:
    """A text stream that turns each redrawing of a progress bar into a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        line = text.strip()
        if line:
            self._stream.write(f"{line}\n")

    def flush(self) -> None:
        self._stream.flush()


def progress_bar(*arguments: Any, **options: Any) -> tqdm:
    """Progress on standard error; the arguments are those of ``tqdm.tqdm``.

    A bar that redraws itself would fill a log with one line for each step. If standard error is not
    a terminal, a line is written every five seconds, and none for shorter work.
    """
    if sys.stderr.isatty():
        return tqdm(*arguments, **options)
    for_logs = {
        "file": _Lines(sys.stderr),
        "mininterval": LINE_PERIOD_S,
        "maxinterval": LINE_PERIOD_S,
        "delay": LINE_PERIOD_S,
        "bar_format": LINE_FORMAT,
    }
    bar = tqdm(*arguments, **{**options, **for_logs})
    if bar.total is None:
        bar.bar_format = ENDLESS_FORMAT
    return bar
