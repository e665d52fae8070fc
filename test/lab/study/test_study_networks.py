"""The networks of the study against the figures that the paper prints for them, and in use."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

import torch
from torch import nn

from mininet_ros import cli
from mininet_ros.images.class_tables import CAMVID
from mininet_ros.inference import load_segmenter
from mininet_ros.inference.pytorch import PyTorchSegmenter
from mininet_ros.lab.training.export.model_folder import check_image, describe_model, write_model
from mininet_ros.lab.training.loss import segmentation_loss
from mininet_ros.models import load_model
from mininet_ros.network import NETWORKS, build_network, network_table
from mininet_ros.network.ablation import DILATIONS_1
from mininet_ros.network.layers import MultiDilationModule
from mininet_ros.network.mininet_v1 import SeluModule
from mininet_ros.network.profile import profile_network
from mininet_ros.network.stages import IMAGE, Stage, StagedNetwork

# As printed in Tables II-V: M parameters, MB, GFLOPs at 512x256 with 19 classes.
PRINTED = {
    "erfnet_s": ("2.06", "7.95", "13.42"),
    "erfnet_d": ("0.49", "1.93", "3.20"),
    "mininet_v2_s": ("3.02", "11.55", "19.68"),
    "mininet_v2_d": ("0.49", "1.97", "3.28"),
    "mininet_v2_d_s": ("0.49", "1.97", "3.28"),
    "mininet_v2_d_i": ("0.49", "2.00", "3.42"),
    "mininet_v2_e": ("0.49", "2.00", "3.42"),
    "mininet_v2_0": ("0.49", "2.00", "3.42"),
    "mininet_v2_1": ("0.49", "2.00", "3.42"),
    "mininet_v2_2": ("0.49", "2.00", "3.42"),
    "mininet_v2_m": ("0.53", "2.10", "3.66"),
    "mininet_v2_m_r": ("0.52", "2.02", "3.22"),
}
# No count of weights and statistics can be both printed values; the modules' docstrings say why.
OTHER_MEMORY = {"erfnet_s": 7.90} | dict.fromkeys(("mininet_v2_d", "mininet_v2_d_s"), 1.88)
OTHER_MEMORY |= {f"mininet_v2_{name}": 1.91 for name in ("d_i", "e", "0", "1", "2")}


@pytest.mark.parametrize("name", PRINTED)
def test_cost_is_the_printed_one(name):
    parameters, megabytes, gflops = PRINTED[name]
    profile = profile_network(build_network(name, 19), 512, 256)
    assert f"{profile.parameters / 1e6:.2f}" == parameters
    assert f"{profile.mebibytes:.2f}" == f"{OTHER_MEMORY.get(name, float(megabytes)):.2f}"
    assert profile.gflops == pytest.approx(float(gflops), rel=0.01)


@pytest.mark.parametrize(
    ("classes", "megaparameters", "gflops"), [(2, "3.058", 1.05), (11, "3.061", 1.20)]
)
def test_cost_of_mininet_is_that_of_its_code(classes, megaparameters, gflops):
    profile = profile_network(build_network("mininet", classes), 512, 256)
    assert f"{profile.parameters / 1e6:.3f}" == megaparameters
    assert profile.gflops == pytest.approx(gflops, rel=0.01)


def test_stages_cost_what_the_network_costs():
    profile = profile_network(build_network("mininet", 2), 512, 256)
    assert sum(stage.parameters for stage in profile.stages) == profile.parameters
    assert sum(stage.macs for stage in profile.stages) == pytest.approx(1e9 * profile.gmacs)


def test_operations_of_a_small_network_by_hand():
    """A 3x3 convolution with bias, a pooling and a sum, on 16x8 pixels."""

    class Convolution(nn.Conv2d):
        def __init__(self, in_channels, out_channels):
            super().__init__(in_channels, out_channels, 3, padding=1)

    class Pooling(nn.MaxPool2d):
        def __init__(self, in_channels, out_channels):
            super().__init__(2)

    table = (
        Stage("b", "a", Convolution, 5, IMAGE),
        Stage("b", "b", Convolution, 5, "a"),
        Stage("b", "c", Pooling, 5, "a + b"),
    )
    pixels = 16 * 8
    convolutions = pixels * (2 * 9 * 3 * 5 + 5) + pixels * (2 * 9 * 5 * 5 + 5)
    profile = profile_network(StagedNetwork(table), 16, 8)
    assert profile.gflops == (convolutions + 5 * pixels + 4 * 5 * pixels / 4) / 1e9


def test_rows_of_different_tables_that_are_one_network():
    assert network_table("mininet_v2_m_r", 19) == network_table("mininet_v2", 19)
    assert network_table("mininet_v2_e", 19) == network_table("mininet_v2_d_i", 19)
    assert network_table("mininet_v2_1", 19) != network_table("mininet_v2_d_i", 19)


def test_setting_1_is_the_least_that_sees_the_whole_width():
    """The 64 pixels of an eighth of 512; each module sees its rate further to either side."""

    def field_of_view(rates):
        return 1 + 2 * sum(rates)

    rates = [rate for stack in DILATIONS_1 for rate in stack]
    assert field_of_view(rates) >= 64 > field_of_view(max(1, rate // 2) for rate in rates)
    used = [s.options["rate"] for s in network_table("mininet_v2_1", 19) if "rate" in s.options]
    assert used == rates


def test_multi_dilation_beyond_the_extractor_is_at_rate_one():
    stages = [s for s in network_table("mininet_v2_m", 19) if s.layer is MultiDilationModule]
    assert len(stages) == 10 + 16 + 4 + 4
    outside = [s.options for s in stages if s.block != "Feature extractor"]
    assert all(options == {"rate": 1, "dropout": 0.0} for options in outside)


def test_dilations_are_an_option_of_the_variants():
    table = network_table("mininet_v2_d", 4, dilations=((3,), (5,)))
    assert [s.options["rate"] for s in table if "rate" in s.options] == [3, 5]
    with pytest.raises(ValueError, match="does not take these options"):
        build_network("erfnet_s", 4, dilations=((1,), (1,)))


def test_mininet_needs_sides_of_its_own():
    network = build_network("mininet", 2)
    with pytest.raises(ValueError, match="96x64 pixels: both sides must be multiples of 64"):
        network(torch.zeros(1, 3, 64, 96))


def test_mininet_module_dilates_along_the_width():
    torch.manual_seed(0)
    module = SeluModule(2, 2, rate=4).eval()
    x = torch.zeros(1, 2, 31, 31, requires_grad=True)
    module(x)[0, :, 15, 15].sum().backward()
    rows, columns = torch.nonzero(x.grad[0].abs().sum(0), as_tuple=True)
    assert (int(rows.min()), int(rows.max())) == (15 - 2, 15 + 2)
    assert (int(columns.min()), int(columns.max())) == (15 - 5, 15 + 5)


def test_mininet_module_makes_no_channels():
    with pytest.raises(ValueError, match="cannot make 4 channels from 2"):
        SeluModule(2, 4)


def test_sums_of_different_channels_are_refused():
    table = (*network_table("mininet_v2", 3), Stage("b", "x", nn.Identity, 3, "output + d1"))
    with pytest.raises(ValueError, match=r"stage x adds inputs of \[3, 16\] channels"):
        StagedNetwork(table)


def pictures():
    """Two network inputs of 128x64 pixels, of the kind that an export is checked on."""
    picture = torch.from_numpy(check_image(128, 64)).permute(2, 0, 1).float() / 255 - 0.5
    return torch.stack((picture, picture.flip(2)))


# Those of the same layers at other rates, and other names of the same network, need no second look.
DIFFERENT = sorted(set(NETWORKS) - {f"mininet_v2_{name}" for name in ("0", "1", "e", "m_r")})


@pytest.fixture(scope="module", params=DIFFERENT)
def network_model(request, tmp_path_factory):
    """A network that has seen some data, and its model folder at 128x64."""
    torch.manual_seed(1)
    network = build_network(request.param, len(CAMVID.names)).train()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
        for _ in range(3):
            network(pictures())
    folder = tmp_path_factory.mktemp("models") / f"camvid_{request.param}"
    card = describe_model(request.param, {}, CAMVID, 128, 64)
    return network, write_model(network, card, folder)


def test_exported_logits_and_labels_are_pytorchs(network_model):
    """``write_model`` has compared the logits; here both runtimes label a picture alike."""
    _, model = network_model
    picture = check_image(200, 90)
    ours = load_segmenter(model, backend="cpu").segment(picture)
    theirs = PyTorchSegmenter(model, "cpu").segment(picture)
    assert ours.mask.shape == (90, 200)
    assert len(np.unique(ours.mask)) > 1
    assert (ours.mask != theirs.mask).mean() < 1e-3


def test_every_network_learns(network_model):
    network, _ = network_model
    torch.manual_seed(0)
    labels = torch.randint(0, 11, (2, 64, 128))
    network.train()
    loss = segmentation_loss(network(pictures()), labels, torch.ones(11))
    loss.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
    network.eval()
    network.zero_grad()


def test_describe_knows_every_network(network_model, capsys):
    _, model = network_model
    assert cli.main(["describe", model.network]) == 0
    assert f"{model.network}, 19 classes at 512x256" in capsys.readouterr().out
    assert load_model(model.folder).network == model.network
