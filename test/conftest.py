"""What several tests share: the optional real data, and a small model to run."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# Networks as small as those of the tests are slower on several threads, and far slower where
# other processes use the cores: set before anything imports PyTorch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from drive_rig import drive, given  # noqa: F401 - fixtures of the tests of select-keyframes
from ros_graph import graph, ros_domain  # noqa: F401 - fixtures of every graph test

# A shell lets background jobs ignore Ctrl-C, and their children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an untrained MiniNet-v2-cpu with CamVid's classes at 96x64."""
    torch = pytest.importorskip("torch", reason="making a model folder needs PyTorch")
    pytest.importorskip("onnx", reason="making a model folder needs onnx")
    from mininet_ros.images.class_tables import CAMVID
    from mininet_ros.lab.training.export.model_folder import describe_model, write_model
    from mininet_ros.network import build_network

    torch.manual_seed(0)
    network = build_network("mininet_v2_cpu", len(CAMVID.names))
    card = describe_model("mininet_v2_cpu", {}, CAMVID, 96, 64)
    folder = tmp_path_factory.mktemp("models") / "tiny_mininet_v2_cpu"
    write_model(network, card, folder)
    return folder
