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

SHARED = Path(os.environ.get("MININET_ROS_DATA", Path(__file__).parents[2] / "shared"))


def real_data(relative: str) -> Path:
    """Path of a piece of the optional real data; the test is skipped where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"{path} is absent (set MININET_ROS_DATA to the folder of real data)")
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an untrained MiniNet-v2-cpu with CamVid's classes at 96x64."""
    torch = pytest.importorskip("torch", reason="making a model folder needs PyTorch")
    pytest.importorskip("onnx", reason="making a model folder needs onnx")
    from mininet_ros.network import build_network
    from mininet_ros.training.classes import CAMVID
    from mininet_ros.training.export import describe_model, write_model

    torch.manual_seed(0)
    network = build_network("mininet_v2_cpu", len(CAMVID.names))
    card = describe_model("mininet_v2_cpu", {}, CAMVID, 96, 64)
    folder = tmp_path_factory.mktemp("models") / "tiny_mininet_v2_cpu"
    write_model(network, card, folder)
    return folder
