"""Floats that are too small to calculate with at full speed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Let this thread, and those that it starts, calculate with zeros for denormal floats.

    Processors take several times longer with them, and a training meets many: a module that begins
    as the identity has such gradients, and weight decay leaves such weights in channels that
    nothing depends on. As zeros they change nothing. Afterwards denormal floats are floats again,
    as other code of the process expects; processors that cannot do it calculate on as they did.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
