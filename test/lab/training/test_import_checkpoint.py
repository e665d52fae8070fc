"""The authors' checkpoints in our networks: the real one, and graphs with random weights."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from authors_graph import AuthorsGraph
from tensorflow_bundle_writer import write_bundle
from torch import nn

from mininet_ros.lab.training.checkpoints.networks import (
    import_checkpoint,
    state_dict_from_checkpoint,
)
from mininet_ros.lab.training.checkpoints.tensorflow import CheckpointError
from mininet_ros.network import build_network
from mininet_ros.network.stages import Stage, StagedNetwork

SHARED = Path(os.environ.get("MININET_ROS_DATA", Path(__file__).parents[4] / "shared"))
GOLDEN = SHARED / "golden"
CPU_RATES = (1, 2, 1, 4, 1, 8)
FIRST_STACK = (1, 2, 1, 4, 1, 8, 1, 16)
PAPER_SECOND_STACK = (1, 1, 1, 2, 1, 4, 1, 8)
AUTHORS_SECOND_STACK = (1, 1, 1, 2, 1, 8, 1, 16)


@pytest.fixture(scope="module")
def cpu_graph() -> AuthorsGraph:
    return AuthorsGraph(2, CPU_RATES, 2, classes=11)


def logits_of(network: nn.Module, image: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network(image)


def random_image() -> torch.Tensor:
    return torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(3)) - 0.5


@pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"no golden checkpoint in {GOLDEN}")
def test_golden_checkpoint_gives_the_golden_logits() -> None:
    network = import_checkpoint(GOLDEN / "model.ckpt", "mininet_v2_cpu", classes=19)
    with np.load(GOLDEN / "golden.npz") as golden:
        image, expected = golden["image_bgr"], golden["logits"]
    scaled = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255 - 0.5
    logits = logits_of(network, scaled)[0].permute(1, 2, 0).numpy()
    difference = float(np.abs(logits - expected).max())
    print(f"golden logits: largest difference {difference:.2e}")
    assert logits.shape == expected.shape == (128, 256, 19)
    assert difference < 1e-3


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("depthwise_bias", [False, True])
@pytest.mark.parametrize(
    ("name", "structure"),
    [
        ("mininet_v2_cpu", (2, CPU_RATES, 2)),
        ("mininet_v2", (10, FIRST_STACK + PAPER_SECOND_STACK, 4)),
    ],
)
def test_imported_network_computes_what_the_graph_computes(
    tmp_path: Path, name: str, structure: tuple, depthwise_bias: bool, shards: int
) -> None:
    graph = AuthorsGraph(*structure, classes=11, depthwise_bias=depthwise_bias)
    assert ("depthwise_conv2d/bias" in graph.variables) == depthwise_bias
    write_bundle(tmp_path / "model.ckpt", graph.variables, shards=shards)
    network = import_checkpoint(tmp_path / "model.ckpt", name, classes=11)
    assert not network.training
    expected = graph(random_image())
    assert expected.std() > 0.1
    torch.testing.assert_close(logits_of(network, random_image()), expected, rtol=1e-4, atol=1e-4)


def test_full_graph_has_the_released_checkpoints_names() -> None:
    graph = AuthorsGraph(10, FIRST_STACK + PAPER_SECOND_STACK, 4, 19, depthwise_bias=True)
    layers = {name.partition("/")[0] for name in graph.variables}
    numbers = {
        "conv2d": 21,
        "separable_conv2d": 14,
        "depthwise_conv2d": 32,
        "conv2d_transpose": 2,
        "batch_normalization": 68,
    }
    expected = {
        f"{kind}_{k}" if k else kind for kind, number in numbers.items() for k in range(number)
    }
    assert layers == expected | {"beta1_power", "beta2_power"}
    biases = [name for name in graph.variables if re.fullmatch(r"depthwise_conv2d.*/bias", name)]
    assert [graph.variables[name].shape for name in biases] == [(128,)] * 32
    assert graph.variables["conv2d_transpose_1/kernel"].shape == (3, 3, 19, 64)


def test_dilations_are_an_option_of_the_import(tmp_path: Path) -> None:
    graph = AuthorsGraph(10, FIRST_STACK + AUTHORS_SECOND_STACK, 4, classes=11)
    write_bundle(tmp_path / "model.ckpt", graph.variables)
    expected = graph(random_image())
    as_in_the_code = import_checkpoint(
        tmp_path / "model.ckpt",
        "mininet_v2",
        classes=11,
        options={"dilations": (FIRST_STACK, AUTHORS_SECOND_STACK)},
    )
    as_in_the_paper = import_checkpoint(tmp_path / "model.ckpt", "mininet_v2", classes=11)
    torch.testing.assert_close(
        logits_of(as_in_the_code, random_image()), expected, rtol=1e-4, atol=1e-4
    )
    assert (logits_of(as_in_the_paper, random_image()) - expected).abs().max() > 0.01


def test_state_dict_is_complete_and_float32(cpu_graph: AuthorsGraph) -> None:
    network = build_network("mininet_v2_cpu", 11)
    variables = {name: array.astype(np.float64) for name, array in cpu_graph.variables.items()}
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    weights = state_dict_from_checkpoint(variables, network)
    assert {name: tensor.shape for name, tensor in weights.items()} == {
        name: tensor.shape for name, tensor in before.items()
    }
    assert {name: tensor.dtype for name, tensor in weights.items()} == {
        name: tensor.dtype for name, tensor in before.items()
    }
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])


def drop_a_kernel(variables: dict[str, np.ndarray]) -> str:
    del variables["conv2d_4/kernel"]
    return "conv2d_4/kernel [1, 1, 128, 128] is missing"


def add_a_layer(variables: dict[str, np.ndarray]) -> str:
    variables["conv2d_11/kernel"] = np.zeros((1, 1, 64, 64), np.float32)
    return "conv2d_11/kernel [1, 1, 64, 64] is left over"


def add_a_bias_where_none_can_be(variables: dict[str, np.ndarray]) -> str:
    variables["conv2d/bias"] = np.zeros(13, np.float32)
    return "conv2d/bias [13] is left over"


def add_a_bias_of_another_shape(variables: dict[str, np.ndarray]) -> str:
    variables["depthwise_conv2d_3/bias"] = np.zeros(64, np.float32)
    return "depthwise_conv2d_3/bias [64] is left over"


def transpose_a_kernel(variables: dict[str, np.ndarray]) -> str:
    kernel = variables["conv2d_transpose/kernel"]
    variables["conv2d_transpose/kernel"] = kernel.transpose(0, 1, 3, 2)
    return "conv2d_transpose/kernel is [3, 3, 128, 64] where the network has [3, 3, 64, 128]"


def make_a_mean_an_integer(variables: dict[str, np.ndarray]) -> str:
    variables["batch_normalization_5/moving_mean"] = np.zeros(128, np.int32)
    return "batch_normalization_5/moving_mean is int32 where the network has float32"


CHANGES = [
    drop_a_kernel,
    add_a_layer,
    add_a_bias_where_none_can_be,
    add_a_bias_of_another_shape,
    transpose_a_kernel,
    make_a_mean_an_integer,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_variable_that_does_not_fit_is_named(
    cpu_graph: AuthorsGraph, change: Callable[[dict[str, np.ndarray]], str]
) -> None:
    variables = dict(cpu_graph.variables)
    problem = change(variables)
    with pytest.raises(CheckpointError) as error:
        state_dict_from_checkpoint(variables, build_network("mininet_v2_cpu", 11))
    assert str(error.value).endswith(f"with 11 classes: {problem}")


def test_all_problems_are_in_one_message(cpu_graph: AuthorsGraph) -> None:
    variables = dict(cpu_graph.variables)
    problems = [change(variables) for change in CHANGES]
    with pytest.raises(CheckpointError) as error:
        state_dict_from_checkpoint(variables, build_network("mininet_v2_cpu", 11))
    listed = str(error.value).partition("classes: ")[2].split("; ")
    assert sorted(listed) == sorted(problems)


def test_other_number_of_classes_is_seen_in_the_output_layer(cpu_graph: AuthorsGraph) -> None:
    with pytest.raises(CheckpointError) as error:
        state_dict_from_checkpoint(cpu_graph.variables, build_network("mininet_v2_cpu", 19))
    assert "conv2d_transpose_1/kernel is [3, 3, 11, 64]" in str(error.value)
    assert "conv2d_transpose_1/bias is [11] where the network has [19]" in str(error.value)


def test_checkpoint_of_the_other_network_is_refused(cpu_graph: AuthorsGraph) -> None:
    with pytest.raises(CheckpointError, match=r"conv2d_20/kernel .* is missing"):
        state_dict_from_checkpoint(cpu_graph.variables, build_network("mininet_v2", 11))


def test_network_that_the_authors_checkpoints_do_not_hold_is_refused() -> None:
    class Convolution(nn.Conv2d):
        def __init__(self, in_channels: int, out_channels: int) -> None:
            super().__init__(in_channels, out_channels, 1)

    network = StagedNetwork((Stage("Downsample", "d1", Convolution, 16, "image"),))
    with pytest.raises(CheckpointError, match=r"no Convolution \(stage d1\)"):
        state_dict_from_checkpoint({}, network)
