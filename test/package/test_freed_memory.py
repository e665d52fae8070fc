"""Memory that a process frees stays with its process, where the C library is glibc."""

import platform
import subprocess
import sys

import pytest

from mininet_ros import freed_memory

# Page faults of asking for and filling 64 MiB ten times, in a fresh process.
COUNT_FAULTS = """
import ctypes, resource
from mininet_ros.freed_memory import keep_freed_memory
if {kept}:
    assert keep_freed_memory(2**30, 2**31 - 1, 2**26)
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    block = library.malloc(64 * 2**20)
    ctypes.memset(block, 1, 64 * 2**20)
    library.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(kept: bool) -> int:
    command = [sys.executable, "-c", COUNT_FAULTS.format(kept=kept)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_blocks_are_used_again_without_new_pages():
    assert faults(kept=True) < faults(kept=False) / 4


def test_leaves_other_c_libraries_alone(monkeypatch):
    monkeypatch.setattr(freed_memory.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", None)
    assert not freed_memory.keep_freed_memory(1, 1)
