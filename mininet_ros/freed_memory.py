"""Handling of memory that a process frees, for the C library glibc."""

from __future__ import annotations

import ctypes
import platform

# Options from the C library's <malloc.h>.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8


def use_one_arena() -> bool:
    """Make all threads of this process allocate from one arena.

    By default, glibc gives threads arenas of their own. :func:`return_freed_memory` returns the end
    of the main arena alone, so much of what other threads allocated would stay with the process.
    Call it before imports that start threads, such as NumPy's, since the first thread fixes the
    number of arenas.

    Returns:
        True if the C library is glibc and accepted the setting; elsewhere nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1))


def keep_freed_memory(largest_block: int, kept: int, padding: int = 0) -> bool:
    """Make this process keep the memory that it frees, until it ends.

    By default, glibc returns large blocks to the system as soon as they are freed. The system then
    clears every page again when the process requests such a block.

    Args:
        largest_block: size in bytes up to which freed blocks are kept.
        kept: free memory in bytes beyond which the rest is returned to the system.
        padding: memory in bytes that is requested from the system in advance; 0 keeps the default.

    Returns:
        True if the C library is glibc and accepted the settings; elsewhere nothing changes.
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
    """Return freed memory of the process to the system, if the C library supports it."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
