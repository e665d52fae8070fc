"""Requirement on the size of a network's input."""

from __future__ import annotations

INPUT_MULTIPLE = 8


def require_input_size(width: int, height: int) -> None:
    """Check the input size of a model.

    Args:
        width, height: input size in pixels.

    Raises:
        ValueError: a side is not a positive multiple of :data:`INPUT_MULTIPLE`.
    """
    if min(width, height) <= 0 or width % INPUT_MULTIPLE or height % INPUT_MULTIPLE:
        raise ValueError(
            f"input {width}x{height}: both sides must be positive multiples of {INPUT_MULTIPLE}"
        )
