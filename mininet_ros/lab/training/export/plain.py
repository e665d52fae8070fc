"""A network as PyTorch's own exporter writes it, for every reader of ONNX files."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path

import onnx
import torch

from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.export.graph import OPSET
from mininet_ros.lab.training.export.metadata import add_metadata
from mininet_ros.models import Model
from mininet_ros.network.stages import IMAGE_CHANNELS
from mininet_ros.result_files import write_result_file

PLAIN_MARK = b"mininet_ros export --plain"
"""In the file as its producer: what a later export may replace."""


def export_plainly(model: Model, width: int, height: int, path: Path) -> None:
    """Write an ordinary graph of the network.

    Input ``image``: float32 (batch, 3, height, width), BGR, normalised as the file's metadata
    says. Output ``logits``: float32 (batch, classes, h, w) at the network's own output size. The
    batch is free, the size is fixed.

    Args:
        model: whose weights to write.
        width, height: of the input in pixels, multiples of 8.
        path: of the file; its folder is made.

    Raises:
        ValueError: a side is no multiple of 8.
    """
    network = load_network(model)
    if width % network.multiple or height % network.multiple or min(width, height) <= 0:
        raise ValueError(
            f"input size {width}x{height}: both sides must be multiples of {network.multiple}"
        )
    # Two pictures: of one the exporter would conclude that there is always one.
    pictures = torch.zeros(2, IMAGE_CHANNELS, height, width)
    buffer = io.BytesIO()
    # Its advice is to use the newer exporter, which needs a package more.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network,
            (pictures,),
            buffer,  # pyright: ignore[reportArgumentType] - PyTorch takes files, too
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["logits"],
            dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
        )
    graph = onnx.load_from_string(buffer.getvalue())
    add_metadata(graph, model, normalised_inside=False)
    onnx.checker.check_model(graph, full_check=True)
    graph.producer_name = PLAIN_MARK.decode()
    write_result_file(path, graph.SerializeToString(), PLAIN_MARK)
