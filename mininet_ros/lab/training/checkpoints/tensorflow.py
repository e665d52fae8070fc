"""Reader of TensorFlow V2 checkpoints ("tensor bundles"), without TensorFlow.

A checkpoint ``PREFIX`` is two kinds of file. ``PREFIX.index`` is a sorted string table in the
LevelDB table format: tensor name → ``BundleEntryProto`` (dtype, shape, shard, offset, size,
checksum), and the empty name → ``BundleHeaderProto``. ``PREFIX.data-0000N-of-0000M`` are the
shards: the raw arrays, one after the other.

Formats: LevelDB ``doc/table_format.md``; TensorFlow ``core/protobuf/tensor_bundle.proto`` and
``core/framework/{tensor_shape,types}.proto``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mininet_ros.lab.training.checkpoints.crc32c import masked_crc32c

_FOOTER_BYTES = 48
_TABLE_MAGIC = 0xDB4775248B80FB57
_BLOCK_TRAILER_BYTES = 5  # compression type, masked checksum
_LITTLE_ENDIAN = 0
_DTYPES = {
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("<i4"),
    9: np.dtype("<i8"),
}


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or does not fit; the message is one sentence."""


class _MalformedTableError(Exception):
    """Bytes that violate the table format; the reader turns it into a ``CheckpointError``."""


@dataclass(frozen=True)
class _Entry:
    """Position, type and shape of a tensor: one ``BundleEntryProto``."""

    dtype_code: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int
    is_partitioned: bool


def read_checkpoint(prefix: str | Path) -> dict[str, np.ndarray]:
    """Read all tensors of a TensorFlow V2 checkpoint and verify their checksums.

    Args:
        prefix: path of the checkpoint without ``.index`` or ``.data-0000N-of-0000M``.

    Returns:
        Variable name → array of its stored shape; float32, float64, int32 or int64. The arrays
        are writable copies.

    Raises:
        CheckpointError: a file is missing, truncated or damaged, or holds what this reader does
            not support (big-endian data, compressed tables, partitioned variables, other dtypes).
    """
    index_path = Path(f"{prefix}.index")
    if not index_path.is_file():
        raise CheckpointError(
            f"no TensorFlow checkpoint at {prefix}: {index_path} does not exist "
            "(the prefix is the path without .index or .data-…)"
        )
    try:
        shard_count, entries = _read_index(index_path.read_bytes())
    except _MalformedTableError as error:
        raise CheckpointError(
            f"{index_path} is damaged or is no TensorFlow checkpoint index: {error}"
        ) from error
    arrays = {}
    for name, entry in entries.items():
        shard = Path(f"{prefix}.data-{entry.shard:05d}-of-{shard_count:05d}")
        if not shard.is_file():
            raise CheckpointError(f"{shard} does not exist, but {index_path} places {name} in it")
        arrays[name] = _read_tensor(name, entry, shard)
    return arrays


def _read_tensor(name: str, entry: _Entry, shard: Path) -> np.ndarray:
    if entry.is_partitioned:
        raise CheckpointError(
            f"{name} is stored as slices of a partitioned variable, which is not supported"
        )
    if entry.dtype_code not in _DTYPES:
        supported = ", ".join(f"{code} ({dtype.name})" for code, dtype in _DTYPES.items())
        raise CheckpointError(
            f"{name} has TensorFlow's dtype code {entry.dtype_code}, supported are {supported}"
        )
    dtype = _DTYPES[entry.dtype_code]
    count = math.prod(entry.shape)
    if entry.size != count * dtype.itemsize:
        raise CheckpointError(
            f"the index entry of {name} contradicts itself: "
            f"{entry.size} bytes for {dtype.name} of shape {list(entry.shape)}"
        )
    if entry.offset + entry.size > shard.stat().st_size:
        raise CheckpointError(f"{shard} is truncated: it ends before the end of {name}")
    array = np.fromfile(shard, dtype, count, offset=entry.offset).reshape(entry.shape)
    if masked_crc32c(array.tobytes()) != entry.checksum:
        raise CheckpointError(
            f"{shard} is damaged: the bytes of {name} do not match their checksum"
        )
    return array


def _read_index(data: bytes) -> tuple[int, dict[str, _Entry]]:
    """Return the number of shards and the entries by tensor name."""
    if len(data) < _FOOTER_BYTES:
        raise _MalformedTableError(f"{len(data)} bytes are too few for a table footer")
    if int.from_bytes(data[-8:], "little") != _TABLE_MAGIC:
        raise _MalformedTableError("the table's magic number is not at its end")
    footer = _Cursor(data, len(data) - _FOOTER_BYTES)
    footer.block_handle()  # handle of the metaindex block, which is empty in checkpoints
    index_handle = footer.block_handle()
    values: dict[bytes, bytes] = {}
    for _, handle in _block_items(_read_block(data, *index_handle)):
        values.update(_block_items(_read_block(data, *_Cursor(handle).block_handle())))
    if b"" not in values:
        raise _MalformedTableError("it has no bundle header")
    shard_count = _parse_header(values.pop(b""))
    return shard_count, {
        name.decode(errors="backslashreplace"): _parse_entry(value)
        for name, value in values.items()
    }


def _read_block(data: bytes, offset: int, size: int) -> bytes:
    block = data[offset : offset + size + _BLOCK_TRAILER_BYTES]
    if len(block) < size + _BLOCK_TRAILER_BYTES:
        raise _MalformedTableError("a block lies past the end of the file")
    content, compression = block[:size], block[size]
    if masked_crc32c(block[: size + 1]) != int.from_bytes(block[size + 1 :], "little"):
        raise _MalformedTableError("a block does not match its checksum")
    if compression != 0:
        raise _MalformedTableError("its blocks are compressed, which is not supported")
    return content


def _block_items(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block, in order.

    A key is stored as the length of the prefix that it shares with the previous key, and the rest.
    The restart array at the end of the block is only for searching, so its content is skipped.
    """
    restart_count = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restart_count + 1)
    if end < 0:
        raise _MalformedTableError("a block is shorter than its restart array")
    cursor = _Cursor(block[:end])
    key = b""
    while not cursor.at_end:
        shared, unshared, value_size = cursor.varint(), cursor.varint(), cursor.varint()
        if shared > len(key):
            raise _MalformedTableError("a key shares more bytes than the key before it has")
        key = key[:shared] + cursor.take(unshared)
        yield key, cursor.take(value_size)


def _parse_header(message: bytes) -> int:
    """Return ``num_shards`` of a BundleHeaderProto."""
    numbers, _ = _parse_message(message)
    if numbers.get(2, _LITTLE_ENDIAN) != _LITTLE_ENDIAN:
        raise _MalformedTableError("its arrays are big-endian, which is not supported")
    return numbers.get(1, 0)


def _parse_entry(message: bytes) -> _Entry:
    numbers, messages = _parse_message(message)
    dims = [dim for shape in messages.get(2, []) for dim in _parse_message(shape)[1].get(2, [])]
    return _Entry(
        dtype_code=numbers.get(1, 0),
        shape=tuple(_parse_message(dim)[0].get(1, 0) for dim in dims),
        shard=numbers.get(3, 0),
        offset=numbers.get(4, 0),
        size=numbers.get(5, 0),
        checksum=numbers.get(6, 0),
        is_partitioned=7 in messages,
    )


def _parse_message(message: bytes) -> tuple[dict[int, int], dict[int, list[bytes]]]:
    """Return the numbers and the embedded messages of a protobuf message, by field number."""
    numbers: dict[int, int] = {}
    messages: dict[int, list[bytes]] = {}
    cursor = _Cursor(message)
    while not cursor.at_end:
        field, wire_type = divmod(cursor.varint(), 8)
        if wire_type == 0:
            numbers[field] = cursor.varint()
        elif wire_type == 1:
            numbers[field] = int.from_bytes(cursor.take(8), "little")
        elif wire_type == 2:
            messages.setdefault(field, []).append(cursor.take(cursor.varint()))
        elif wire_type == 5:
            numbers[field] = int.from_bytes(cursor.take(4), "little")
        else:
            raise _MalformedTableError(f"a protobuf field has the unknown wire type {wire_type}")
    return numbers, messages


class _Cursor:
    """A read position in bytes that raises an error at their end."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._position = position

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._data)

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            raise _MalformedTableError("a record runs past the end of its block")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def varint(self) -> int:
        """Read a base-128 integer, least significant group first, of at most 64 bits."""
        value = 0
        for shift in range(0, 70, 7):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise _MalformedTableError("a number is longer than 64 bits")

    def block_handle(self) -> tuple[int, int]:
        """Read offset and size of a block, in bytes."""
        return self.varint(), self.varint()
