"""What a training's memory costs on a CPU."""

from __future__ import annotations

import ctypes
import platform

# Names of the C library's <malloc.h>.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGEST = 2**31 - 1
MMAP_THRESHOLD = 2**30
TOP_PAD = 64 * 2**20


def keep_freed_memory() -> bool:
    """Let this process keep the memory that it frees, until it ends.

    Every step frees and asks for the same hundreds of MiB. By default glibc hands blocks of more
    than 32 MiB back at once, and the kernel clears each page anew.

    Returns:
        Whether the C library is glibc and took the settings; elsewhere nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    settings = (
        (M_MMAP_THRESHOLD, MMAP_THRESHOLD),
        (M_TRIM_THRESHOLD, LARGEST),
        (M_TOP_PAD, TOP_PAD),
    )
    return all(library.mallopt(name, value) for name, value in settings)
