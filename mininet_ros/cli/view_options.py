"""Arguments of commands whose run can be watched."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path


def add_view(parser: ArgumentParser) -> None:
    """Whether the run is shown in Rerun, live or later."""
    parser.add_argument(
        "--view",
        action="store_true",
        help="Show the run live in a window of Rerun (extra 'view').",
    )
    parser.add_argument(
        "--save-rrd",
        type=Path,
        metavar="FILE",
        help="File ending in .rrd that gets what --view shows; 'rerun FILE' opens it.",
    )
