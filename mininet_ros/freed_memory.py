"""What becomes of memory that a process frees, where the C library is glibc."""

from __future__ import annotations

import ctypes
import platform

# Names of the C library's <malloc.h>.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory(largest_block: int, kept: int, padding: int = 0) -> bool:
    """Let this process keep the memory that it frees, until it ends.

    By default glibc gives large blocks back to the system as soon as they are free, and the system
    then clears every page anew when the process asks for such a block again.

    Args:
        largest_block: size in bytes up to which freed blocks are kept.
        kept: free memory in bytes beyond which the rest is given back.
        padding: memory in bytes that is taken from the system in advance; 0 keeps the default.

    Returns:
        Whether the C library is glibc and took the settings; elsewhere nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    settings = [(_M_MMAP_THRESHOLD, largest_block), (_M_TRIM_THRESHOLD, kept)]
    if padding:
        settings.append((_M_TOP_PAD, padding))
    taken = [library.mallopt(name, value) for name, value in settings]
    return all(taken)


def return_freed_memory() -> None:
    """Give back to the system what the process has freed, where the C library can."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
