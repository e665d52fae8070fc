"""Speed of calculations with denormal floats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Treat denormal floats as zero in this thread and in the threads that it starts.

    Processors are several times slower with denormal floats, and a training has many of them. A
    module that starts as the identity has such gradients. Weight decay leaves such weights in
    unused channels. Zeros in their place do not change the result. The setting ends with the
    context, as other code of the process expects. Processors without this mode are not affected.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
