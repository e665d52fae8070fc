"""Exports a network with PyTorch's own exporter, as an ordinary ONNX file."""

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
"""Producer name in the file; a later export may replace a file that has it."""


def export_plainly(model: Model, width: int, height: int, path: Path) -> None:
    """Write an ordinary graph of the network.

    Input ``image``: float32 (batch, 3, height, width), BGR, normalised as described in the file's
    metadata. Output ``logits``: float32 (batch, classes, h, w) at the network's own output size.
    The batch size is free, the image size is fixed.

    Args:
        model: model to export.
        width, height: input size in pixels, multiples of 8.
        path: file to write; its folder is created.

    Raises:
        ValueError: a side is not a multiple of 8.
    """
    network = load_network(model)
    if width % network.multiple or height % network.multiple or min(width, height) <= 0:
        raise ValueError(
            f"input size {width}x{height}: both sides must be multiples of {network.multiple}"
        )
    # Two images, because with one the exporter would fix the batch size to 1.
    pictures = torch.zeros(2, IMAGE_CHANNELS, height, width)
    buffer = io.BytesIO()
    # The warning recommends the newer exporter, which needs one more package.
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
