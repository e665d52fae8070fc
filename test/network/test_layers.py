"""The convolutions of Sec. III: their formulas against what the layers really hold, and what they
compute."""

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from mininet_ros.network.convolutions import (
    AtrousConvolution,
    DepthwiseSeparableConvolution,
    FactorisedConvolution,
    FactorisedSeparableConvolution,
    MultiDilationConvolution,
    StandardConvolution,
)

channels = st.integers(1, 40)
odd_sides = st.integers(0, 4).map(lambda half: 2 * half + 1)
rates = st.integers(1, 5)

# The paper's formulas (Sec. III-A), written out a second time; d, Ci, Co.
PAPER = {
    StandardConvolution: lambda d, ci, co: d * d * ci * co,
    AtrousConvolution: lambda d, ci, co: d * d * ci * co,
    FactorisedConvolution: lambda d, ci, co: 2 * d * ci * co,
    DepthwiseSeparableConvolution: lambda d, ci, co: ci * d * d + ci * co,
    FactorisedSeparableConvolution: lambda d, ci, co: 2 * ci * d + ci * co,
    MultiDilationConvolution: lambda d, ci, co: ci * d * d + ci * d * d + ci * co,
}
TAKES_RATE = [layer for layer in PAPER if layer is not StandardConvolution]


def make(layer, in_channels, out_channels, kernel, rate):
    options = {} if layer is StandardConvolution else {"rate": rate}
    return layer(in_channels, out_channels, kernel=kernel, **options)


@pytest.mark.parametrize("layer", PAPER)
@settings(max_examples=40, deadline=None)
@given(in_channels=channels, out_channels=channels, kernel=odd_sides, rate=rates)
def test_formula_is_the_true_count(layer, in_channels, out_channels, kernel, rate):
    made = make(layer, in_channels, out_channels, kernel, rate)
    count = sum(weight.numel() for weight in made.parameters())
    assert layer.formula(in_channels, out_channels, kernel) == count


@pytest.mark.parametrize("layer", PAPER)
@given(in_channels=channels, out_channels=channels, kernel=odd_sides)
def test_formula_is_the_papers(layer, in_channels, out_channels, kernel):
    if layer is FactorisedConvolution:  # whose printed formula is that of Ci = Co
        in_channels = out_channels
    expected = PAPER[layer](kernel, in_channels, out_channels)
    assert layer.formula(in_channels, out_channels, kernel) == expected


@pytest.mark.parametrize(
    ("layer", "channels", "percent"),
    [
        (FactorisedConvolution, 1000, 33),
        (DepthwiseSeparableConvolution, 1000, 88),
        (FactorisedSeparableConvolution, 1000, 88),
        (MultiDilationConvolution, 500, 88),
    ],
)
def test_savings_of_a_3x3_kernel_are_the_papers(layer, channels, percent):
    """Sec. III-A names 33, 88, 88 and 87 %, for about a thousand channels."""
    saved = 1 - layer.formula(channels, channels, 3) / (9 * channels**2)
    assert 100 * saved == pytest.approx(percent, abs=1)


@pytest.mark.parametrize("layer", PAPER)
@settings(max_examples=15, deadline=None)
@given(kernel=odd_sides, rate=rates, height=st.integers(1, 9), width=st.integers(1, 9))
def test_size_is_kept(layer, kernel, rate, height, width):
    made = make(layer, 3, 5, kernel, rate)
    with torch.no_grad():
        assert made(torch.zeros(2, 3, height, width)).shape == (2, 5, height, width)


@pytest.mark.parametrize("layer", TAKES_RATE)
@pytest.mark.parametrize("rate", [1, 2, 4])
def test_field_of_view_is_that_of_the_rate(layer, rate):
    """A 3x3 kernel at rate r sees r pixels to every side."""
    torch.manual_seed(0)
    made = make(layer, 2, 2, 3, rate)
    x = torch.zeros(1, 2, 15, 15, requires_grad=True)
    made(x)[0, :, 7, 7].sum().backward()
    rows, columns = torch.nonzero(x.grad[0].abs().sum(0), as_tuple=True)
    assert {int(row) - 7 for row in rows} <= {-rate, -1, 0, 1, rate}
    assert (int(rows.min()), int(rows.max())) == (7 - rate, 7 + rate)
    assert (int(columns.min()), int(columns.max())) == (7 - rate, 7 + rate)


def test_factorised_convolution_is_one_of_rank_one():
    torch.manual_seed(0)
    made = FactorisedConvolution(1, 1)
    x = torch.randn(1, 1, 8, 8)
    kernel = made.column.weight @ made.row.weight
    with torch.no_grad():
        expected = functional.conv2d(x, kernel, padding=1)
        assert torch.allclose(made(x), expected, atol=1e-6)


def test_multi_dilation_is_the_sum_of_both_kernels():
    torch.manual_seed(0)
    made = MultiDilationConvolution(3, 4, rate=2)
    x = torch.randn(1, 3, 9, 9)
    with torch.no_grad():
        near = functional.conv2d(x, made.local_depthwise.weight, padding=1, groups=3)
        far = functional.conv2d(x, made.dilated_depthwise.weight, padding=2, dilation=2, groups=3)
        assert torch.allclose(made(x), made.pointwise(near + far), atol=1e-6)
