"""The networks against the paper's Table I and the figures measured on the released weights."""

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet_ros.network import NETWORKS, build_network, network_table
from mininet_ros.network.dropout import Dropout
from mininet_ros.network.layers import (
    Downsampling,
    MultiDilationModule,
    SeparableModule,
    TransposedConvolution,
)
from mininet_ros.network.profile import profile_network


@pytest.mark.parametrize(
    ("name", "classes", "width", "height", "parameters", "mebibytes", "gmacs"),
    [
        ("mininet_v2_cpu", 19, 512, 256, 272_785, 1.063, 0.835),
        ("mininet_v2", 19, 1024, 512, 515_345, 2.022, 6.402),
        ("mininet_v2_cpu", 11, 512, 256, 268_169, None, None),
        ("mininet_v2", 11, 1024, 512, 510_729, None, None),
    ],
)
def test_cost_is_the_papers(name, classes, width, height, parameters, mebibytes, gmacs):
    profile = profile_network(build_network(name, classes), width, height)
    assert profile.parameters == parameters
    assert sum(stage.parameters for stage in profile.stages) == parameters
    if mebibytes is not None:
        assert profile.mebibytes == pytest.approx(mebibytes, abs=5e-4)
        assert profile.gmacs == pytest.approx(gmacs, abs=5e-4)


def test_full_table_has_the_papers_modules():
    table = network_table("mininet_v2", 19)
    by_layer = {}
    for stage in table:
        by_layer.setdefault(stage.layer, []).append(stage)
    assert len(by_layer[SeparableModule]) == 10 + 4
    rates = [stage.options["rate"] for stage in by_layer[MultiDilationModule]]
    assert rates == [1, 2, 1, 4, 1, 8, 1, 16, 1, 1, 1, 2, 1, 4, 1, 8]
    assert [stage.name for stage in by_layer[Downsampling]] == ["d1", "d2", "d3", "d4", "d5"]


@pytest.mark.parametrize("name", sorted(NETWORKS))
@settings(max_examples=5, deadline=None)
@given(columns=st.integers(1, 6), rows=st.integers(1, 6), classes=st.integers(1, 5))
def test_size_of_the_logits_at_any_multiple(name, columns, rows, classes):
    with torch.device("meta"):
        network = build_network(name, classes).eval()
    height, width = network.multiple * rows, network.multiple * columns
    with torch.no_grad():
        logits = network(torch.zeros(1, 3, height, width, device="meta"))
    part = 2 if name in ("mininet_v2", "mininet_v2_cpu", "mininet_v2_m_r") else 1
    assert logits.shape == (1, classes, height // part, width // part)


def test_other_sizes_are_refused_by_name():
    with pytest.raises(ValueError, match="100x64 pixels.*multiples of 8"):
        build_network("mininet_v2_cpu", 2)(torch.zeros(1, 3, 64, 100))


def test_dilations_are_an_option():
    stacks = ((1, 3), (5,))
    table = network_table("mininet_v2_cpu", 4, dilations=stacks)
    assert [s.options["rate"] for s in table if s.layer is MultiDilationModule] == [1, 3, 5]
    build_network("mininet_v2_cpu", 4, dilations=stacks)(torch.zeros(2, 3, 32, 32))


@pytest.mark.parametrize(
    ("name", "classes", "options", "message"),
    [
        ("mininet_v3", 4, {}, "unknown network 'mininet_v3'"),
        ("mininet_v2", 0, {}, "at least one class"),
        ("mininet_v2", 4, {"width": 2}, "does not take these options"),
    ],
)
def test_wrong_requests_are_refused(name, classes, options, message):
    with pytest.raises(ValueError, match=message):
        build_network(name, classes, **options)


def test_transposed_convolution_spreads_down_and_right():
    layer = TransposedConvolution(1, 1)
    with torch.no_grad():
        layer.deconv.weight.copy_(torch.arange(9.0).reshape(1, 1, 3, 3))
        layer.deconv.bias.zero_()
        x = torch.zeros(1, 1, 3, 3)
        x[0, 0, 1, 1] = 1
        y = layer(x)[0, 0]
    assert y.shape == (6, 6)
    assert torch.equal(y[2:5, 2:5], torch.arange(9.0).reshape(3, 3))
    assert y.sum() == 36


def test_downsampling_looks_down_and_right_and_puts_the_convolution_first():
    layer = Downsampling(1, 2).eval()
    with torch.no_grad():
        layer.conv.weight.zero_()
        layer.conv.weight[0, 0, 2, 2] = 1
        x = torch.zeros(1, 1, 4, 4)
        x[0, 0, 2, 2] = 7
        convolved, pooled = layer(x)[0]
    assert convolved.argmax() == 0 and convolved[0, 0] > 6
    assert pooled.argmax() == 3 and pooled[1, 1] > 6


def test_released_dropout_and_epsilon():
    network = build_network("mininet_v2_cpu", 2)
    rates = {m.share for m in network.modules() if isinstance(m, Dropout)}
    epsilons = {m.eps for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)}
    assert (rates, epsilons) == ({0.25}, {1e-3})
