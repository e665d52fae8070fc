"""The reader of TensorFlow checkpoints, on files that the tests write themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from tensorflow_bundle_writer import DTYPE_CODES, table, write_bundle

from mininet_ros.lab.training.checkpoints.crc32c import crc32c, masked_crc32c
from mininet_ros.lab.training.checkpoints.tensorflow import CheckpointError, read_checkpoint

SUPPORTED = ["float32", "float64", "int32", "int64"]


def assert_same(read: dict[str, np.ndarray], written: dict[str, np.ndarray]) -> None:
    assert read.keys() == written.keys()
    for name, array in written.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def small_variables() -> dict[str, np.ndarray]:
    return {
        "conv2d/kernel": np.arange(54, dtype=np.float32).reshape(3, 3, 3, 2),
        "conv2d_1/kernel": np.linspace(-1, 1, 8, dtype=np.float32).reshape(1, 1, 4, 2),
        "beta1_power": np.array(0.9, np.float32),
    }


@pytest.mark.parametrize(
    ("message", "checksum"),
    [  # RFC 3720, section B.4, and the usual check value
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_crc32c_has_the_published_check_values(message: bytes, checksum: int) -> None:
    assert crc32c(message) == checksum


@given(st.binary(max_size=600))
def test_crc32c_equals_its_definition_bit_by_bit(message: bytes) -> None:
    register = 0xFFFFFFFF
    for byte in message:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert crc32c(message) == register ^ 0xFFFFFFFF


def test_masked_checksum_is_the_one_that_tensorflow_stores() -> None:
    # Trailer of the empty metaindex block in the index of a checkpoint written by TensorFlow.
    assert masked_crc32c(bytes([0, 0, 0, 0, 1, 0, 0, 0, 0])) == 0xB0A1F2C0


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_reads_every_dtype_from_every_shard(tmp_path: Path, shards: int) -> None:
    variables = {
        f"{dtype}/{'x'.join(map(str, shape)) or 'scalar'}": np.arange(
            np.prod(shape), dtype=dtype
        ).reshape(shape)
        for dtype in SUPPORTED
        for shape in [(), (7,), (3, 3, 16, 48), (0, 4), (1, 1, 1, 1)]
    }
    write_bundle(tmp_path / "model.ckpt", variables, shards=shards)
    read = read_checkpoint(tmp_path / "model.ckpt")
    assert_same(read, variables)
    assert all(array.flags.writeable for array in read.values())


def test_reads_an_index_of_many_blocks(tmp_path: Path) -> None:
    variables = {
        f"batch_normalization_{layer}/{kind}": np.float32([layer])
        for layer in range(200)
        for kind in ("beta", "gamma", "moving_mean", "moving_variance")
    }
    write_bundle(tmp_path / "model.ckpt", variables)
    assert (tmp_path / "model.ckpt.index").stat().st_size > 10_000
    assert_same(read_checkpoint(tmp_path / "model.ckpt"), variables)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    variables=st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1),
        st.sampled_from(SUPPORTED).flatmap(
            lambda dtype: st_numpy.arrays(dtype, st_numpy.array_shapes(min_dims=0, min_side=0))
        ),
        max_size=8,
    ),
    shards=st.integers(1, 3),
)
def test_reads_whatever_was_written(
    tmp_path: Path, variables: dict[str, np.ndarray], shards: int
) -> None:
    write_bundle(tmp_path / "model.ckpt", variables, shards=shards)
    assert_same(read_checkpoint(tmp_path / "model.ckpt"), variables)


def test_missing_checkpoint_names_the_file_looked_for(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model\.ckpt\.index does not exist"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_missing_shard_is_named(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", small_variables(), shards=2)
    (tmp_path / "model.ckpt.data-00001-of-00002").unlink()
    with pytest.raises(CheckpointError, match=r"data-00001-of-00002 does not exist"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_truncated_data_names_file_and_variable(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", small_variables())
    shard = tmp_path / "model.ckpt.data-00000-of-00001"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"00001 is truncated.*beta1_power"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_every_flipped_byte_of_the_data_is_noticed(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", small_variables())
    shard = tmp_path / "model.ckpt.data-00000-of-00001"
    intact = shard.read_bytes()
    for position in range(len(intact)):
        damaged = bytearray(intact)
        damaged[position] ^= 0x10
        shard.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="do not match their checksum"):
            read_checkpoint(tmp_path / "model.ckpt")


def test_index_cut_anywhere_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", small_variables())
    index = tmp_path / "model.ckpt.index"
    intact = index.read_bytes()
    for length in range(len(intact)):
        index.write_bytes(intact[:length])
        with pytest.raises(CheckpointError, match=r"model\.ckpt\.index is damaged or is no"):
            read_checkpoint(tmp_path / "model.ckpt")


def test_flipped_byte_of_the_index_never_changes_what_is_read(tmp_path: Path) -> None:
    variables = small_variables()
    write_bundle(tmp_path / "model.ckpt", variables)
    index = tmp_path / "model.ckpt.index"
    intact = index.read_bytes()
    refused = 0
    for position in range(len(intact)):
        damaged = bytearray(intact)
        damaged[position] ^= 0x81
        index.write_bytes(damaged)
        try:
            assert_same(read_checkpoint(tmp_path / "model.ckpt"), variables)
        except CheckpointError:
            refused += 1
    # All but the empty metaindex block, its handle, and the padding of the footer.
    assert refused > len(intact) - 50


def test_other_file_with_the_name_of_an_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt.index").write_text("step,loss\n" * 20)
    with pytest.raises(CheckpointError, match="magic number"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_big_endian_checkpoint_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", small_variables(), endianness=1)
    with pytest.raises(CheckpointError, match="big-endian"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_compressed_table_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", small_variables(), compression=1)
    with pytest.raises(CheckpointError, match="compressed"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_partitioned_variable_is_refused_by_name(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", small_variables(), partitioned=["conv2d_1/kernel"])
    with pytest.raises(CheckpointError, match=r"conv2d_1/kernel.*partitioned"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_unsupported_dtype_is_refused_by_name(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt", {"conv2d/kernel": np.zeros(3, np.float16)})
    code = DTYPE_CODES["float16"]
    with pytest.raises(CheckpointError, match=rf"conv2d/kernel has .* code {code}.*float32"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_entry_whose_shape_and_size_differ_is_refused_by_name(tmp_path: Path) -> None:
    write_bundle(
        tmp_path / "model.ckpt", small_variables(), shapes={"conv2d/kernel": (3, 3, 3, 1 << 40)}
    )
    with pytest.raises(CheckpointError, match="entry of conv2d/kernel contradicts itself"):
        read_checkpoint(tmp_path / "model.ckpt")


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ({b"conv2d/kernel": b""}, "no bundle header"),
        ({b"": b"\x0b"}, "unknown wire type 3"),
        ({b"": b"\x08" + b"\xff" * 11}, "longer than 64 bits"),
        ({b"": b"\x12\x7f"}, "past the end"),
    ],
)
def test_table_that_holds_no_bundle_is_refused(
    tmp_path: Path, records: dict[bytes, bytes], reason: str
) -> None:
    (tmp_path / "model.ckpt.index").write_bytes(table(records))
    with pytest.raises(CheckpointError, match=reason):
        read_checkpoint(tmp_path / "model.ckpt")
