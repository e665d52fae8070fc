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


# Memory in MiB that stays after a thread has filled 32 blocks of 1 MiB and freed them.
COUNT_KEPT = """
import ctypes, threading
from mininet_ros.freed_memory import keep_freed_memory, return_freed_memory, use_one_arena
if {one}:
    assert use_one_arena()
keep_freed_memory(2**25, 2**27)
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
def own():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024
def work():
    blocks = [library.malloc(2**20) for _ in range(32)]
    for block in blocks:
        ctypes.memset(block, 1, 2**20)
    for block in blocks:
        library.free(block)
before = own()
thread = threading.Thread(target=work)
thread.start()
thread.join()
return_freed_memory()
print(own() - before)
"""


def kept(one: bool) -> int:
    command = [sys.executable, "-c", COUNT_KEPT.format(one=one)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_what_a_thread_has_freed_is_returned():
    assert kept(one=False) > 24
    assert kept(one=True) < 4


def test_leaves_other_c_libraries_alone(monkeypatch):
    monkeypatch.setattr(freed_memory.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", None)
    assert not freed_memory.keep_freed_memory(1, 1)
    assert not freed_memory.use_one_arena()
