"""Dropout drops the share that it says, keeps the mean, and repeats itself by the seed."""

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch

from mininet_ros.network.dropout import Dropout

SHAPE = (4, 32, 33, 37)


def dropped_share(x: torch.Tensor) -> float:
    return (x == 0).float().mean().item()


@pytest.mark.parametrize("share", [0.03, 0.25, 0.3, 0.9])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_drops_its_share_and_keeps_the_mean(share, memory_format):
    torch.manual_seed(0)
    x = torch.ones(SHAPE).to(memory_format=memory_format)
    y = Dropout(share)(x)
    error = (share * (1 - share) / x.numel()) ** 0.5
    assert dropped_share(y) == pytest.approx(share, abs=5 * error)
    assert y[y != 0].unique().item() == pytest.approx(1 / (1 - share), rel=1e-3)
    assert y.mean().item() == pytest.approx(1, abs=5 * error / (1 - share))


def test_elements_are_dropped_independently_of_their_neighbours():
    torch.manual_seed(0)
    kept = (Dropout(0.5)(torch.ones(1, 1, 1, 200_000)) != 0).float().flatten()
    for distance in range(1, 9):
        both = (kept[:-distance] * kept[distance:]).mean().item()
        assert both == pytest.approx(0.25, abs=0.005)


def test_the_gradient_flows_where_elements_were_kept():
    torch.manual_seed(0)
    x = torch.ones(SHAPE, requires_grad=True)
    y = Dropout(0.25)(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_keeps_type_and_memory_order(dtype):
    x = torch.ones(SHAPE, dtype=dtype).to(memory_format=torch.channels_last)
    y = Dropout(0.25)(x)
    assert y.dtype == dtype
    assert y.is_contiguous(memory_format=torch.channels_last)


def test_repeats_itself_by_the_seed():
    x = torch.ones(SHAPE)
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(Dropout(0.25)(x))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_views_are_dropped_from_like_any_tensor():
    torch.manual_seed(0)
    y = Dropout(0.25)(torch.ones(4, 64, 40, 40)[:, ::2, 3:, :-1])
    assert y.shape == (4, 32, 37, 39)
    assert dropped_share(y) == pytest.approx(0.25, abs=0.01)


def test_is_the_identity_in_evaluation_and_without_a_share():
    x = torch.randn(SHAPE)
    assert Dropout(0.25).eval()(x) is x
    assert Dropout(0.0)(x) is x


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_refuses_a_share_out_of_range(share):
    with pytest.raises(ValueError, match="share that is dropped"):
        Dropout(share)
