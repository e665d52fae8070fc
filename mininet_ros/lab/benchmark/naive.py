"""A network as PyTorch's own exporter writes it: what our graph is held against."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path

import torch

from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.export.graph import OPSET
from mininet_ros.models import Model
from mininet_ros.network.stages import IMAGE_CHANNELS


def export_naively(model: Model, width: int, height: int, path: Path) -> None:
    """Write the network's ONNX file: float (1, 3, height, width) in, logits out."""
    network = load_network(model)
    picture = torch.zeros(1, IMAGE_CHANNELS, height, width)
    # Its advice is to use the newer exporter, which needs a package more.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(network, (picture,), str(path), dynamo=False, opset_version=OPSET)
