"""Memory that a training frees stays with its process, where the C library is glibc."""

import platform
import subprocess
import sys

import pytest

from mininet_ros.lab.training import allocator

# Page faults of asking for and filling 64 MiB ten times, in a fresh process.
COUNT_FAULTS = """
import ctypes, resource
from mininet_ros.lab.training.allocator import keep_freed_memory
if {kept}:
    assert keep_freed_memory()
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
    monkeypatch.setattr(allocator.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocator.ctypes, "CDLL", None)
    assert not allocator.keep_freed_memory()
