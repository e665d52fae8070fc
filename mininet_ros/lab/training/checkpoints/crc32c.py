"""CRC-32C (Castagnoli), the checksum of TensorFlow checkpoints, in NumPy.

The checksum is linear over GF(2). For a message in two halves, take the checksum of the first
half and advance it past as many zero bytes as the second half has. XOR it with the checksum of the
second half. The result is the checksum of the message. Therefore the words of a message are
combined in pairs, one level of a binary tree at a time, without a Python loop over bytes.

Polynomial and check values: RFC 3720, sections 12.1 and B.4. Masking: the LevelDB table format.
"""

from __future__ import annotations

from functools import cache

import numpy as np

_POLYNOMIAL = 0x82F63B78  # bit-reversed 0x1EDC6F41
# The word that changes a register of zeros to the all-ones start value of the checksum.
_START = 0x641F6454
_MASK_DELTA = 0xA282EAD8


def _advance(tables: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Apply a linear operator to all words; its tables map each byte of a word."""
    return (
        tables[0][words & 0xFF]
        ^ tables[1][(words >> 8) & 0xFF]
        ^ tables[2][(words >> 16) & 0xFF]
        ^ tables[3][words >> 24]
    )


@cache
def _past_zeros(level: int) -> np.ndarray:
    """Return the operator that moves the register past 2**level zero words, uint32 (4, 256)."""
    if level > 0:
        half = _past_zeros(level - 1)
        return _advance(half, half)
    values = np.arange(256, dtype=np.uint32)
    words = np.stack([values << np.uint32(8 * byte) for byte in range(4)])
    for _ in range(32):
        words = (words >> 1) ^ np.where(words & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
    return words


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of ``data`` as an unsigned 32-bit integer."""
    message = _START.to_bytes(4, "little") + data
    levels = (-(-len(message) // 4) - 1).bit_length()
    # Zeros before the start value leave the register at zero, so the padding goes there.
    words = np.frombuffer(bytes((4 << levels) - len(message)) + message, dtype="<u4")
    for level in range(levels):
        words = _advance(_past_zeros(level), words[0::2]) ^ words[1::2]
    register = _advance(_past_zeros(0), words)
    return int(register[0]) ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """Return the CRC-32C of ``data`` as tables and checkpoints store it.

    The checksum of data that contains checksums is weak. The stored value is therefore rotated
    right by 15 bits, and a constant is added.
    """
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF
