"""A training calculates with zeros for denormal floats, and leaves them as it found them."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from tiny_camvid import write_camvid
from training_rig import HEIGHT, RECIPE, WIDTH, splits

from mininet_ros.lab.training import train as loop
from mininet_ros.lab.training.denormals import denormals_as_zero


def vanish() -> bool:
    return float(torch.tensor([1e-40]) * torch.tensor([1.0])) == 0


def has_denormals() -> bool:
    return float(np.float32(1e-40) * np.float32(1)) != 0 and not vanish()


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor cannot flush")
def test_denormals_are_zero_inside_and_floats_after_an_error():
    with pytest.raises(ZeroDivisionError), denormals_as_zero():
        assert vanish()
        raise ZeroDivisionError
    assert has_denormals()


def test_a_training_leaves_denormals_to_others(tmp_path):
    loop.train(RECIPE, *splits(write_camvid(tmp_path, WIDTH, HEIGHT)), tmp_path / "run")
    assert has_denormals()
