"""The optional real data that some tests use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("MININET_ROS_DATA", Path(__file__).parents[3] / "shared"))


def real_data(relative: str) -> Path:
    """Path of a piece of the optional real data; the test is skipped where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"{path} is absent (set MININET_ROS_DATA to the folder of real data)")
    return path
