"""Writer of TensorFlow V2 checkpoints ("tensor bundles") for tests of the reader.

It writes what ``tf.train.Saver`` writes, and on request what the reader has to refuse.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from mininet_ros.lab.training.checkpoints.crc32c import masked_crc32c

RESTART_INTERVAL = 16
BLOCK_BYTES = 1024
MAGIC = 0xDB4775248B80FB57
DTYPE_CODES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}


def write_bundle(
    prefix: str | Path,
    variables: Mapping[str, np.ndarray],
    shards: int = 1,
    endianness: int = 0,
    compression: int = 0,
    partitioned: Collection[str] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> None:
    """Write ``variables`` in turn to the shards.

    ``endianness`` and ``compression`` are the codes to claim, ``partitioned`` the variables to
    mark as slices, ``shapes`` what to claim instead of the true shapes.
    """
    payloads = [b""] * shards
    records = {b"": number(1, shards) + number(2, endianness) + nested(3, number(1, 1))}
    for position, (name, array) in enumerate(variables.items()):
        shard = position % shards
        data = np.asarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        dims = b"".join(
            nested(2, number(1, size)) for size in (shapes or {}).get(name, array.shape)
        )
        entry = number(1, DTYPE_CODES[array.dtype.name]) + nested(2, dims)
        entry += number(3, shard) + number(4, len(payloads[shard])) + number(5, len(data))
        entry += varint(6 << 3 | 5) + masked_crc32c(data).to_bytes(4, "little")
        if name in partitioned:
            entry += nested(7, nested(1, number(1, 0)))
        records[name.encode()] = entry
        payloads[shard] += data
    for shard, payload in enumerate(payloads):
        Path(f"{prefix}.data-{shard:05d}-of-{shards:05d}").write_bytes(payload)
    Path(f"{prefix}.index").write_bytes(table(records, compression))


def table(records: Mapping[bytes, bytes], compression: int = 0) -> bytes:
    """Return a sorted string table of the records."""
    content = b""
    index: dict[bytes, bytes] = {}
    group: dict[bytes, bytes] = {}

    def append(block: bytes) -> bytes:
        nonlocal content
        handle = varint(len(content)) + varint(len(block))
        trailed = block + bytes([compression])
        content += trailed + masked_crc32c(trailed).to_bytes(4, "little")
        return handle

    for key, value in sorted(records.items()):
        group[key] = value
        if sum(map(len, group)) + sum(map(len, group.values())) > BLOCK_BYTES:
            index[key] = append(block_of(group))
            group = {}
    if group:
        index[max(group)] = append(block_of(group))
    handles = append(block_of({})) + append(block_of(index))
    return content + handles.ljust(40, b"\0") + MAGIC.to_bytes(8, "little")


def block_of(records: Mapping[bytes, bytes]) -> bytes:
    """Return a block: keys without the prefix that they share with the one before, restarts."""
    block = b""
    restarts = [0]
    previous = b""
    for position, (key, value) in enumerate(records.items()):
        shared = 0
        if position % RESTART_INTERVAL:
            while shared < min(len(key), len(previous)) and key[shared] == previous[shared]:
                shared += 1
        elif position:
            restarts.append(len(block))
        block += varint(shared) + varint(len(key) - shared) + varint(len(value))
        block += key[shared:] + value
        previous = key
    numbers = [*restarts, len(restarts)]
    return block + b"".join(offset.to_bytes(4, "little") for offset in numbers)


def varint(value: int) -> bytes:
    """Return a base-128 integer, least significant group first."""
    groups = []
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def number(field: int, value: int) -> bytes:
    """Return a protobuf field that holds a number."""
    return varint(field << 3) + varint(value)


def nested(field: int, message: bytes) -> bytes:
    """Return a protobuf field that holds a message."""
    return varint(field << 3 | 2) + varint(len(message)) + message
