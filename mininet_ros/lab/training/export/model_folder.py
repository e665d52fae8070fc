"""Writes a network as a model folder, after a check of its graph against PyTorch."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from safetensors.torch import save

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable
from mininet_ros.images.input_size import require_input_size
from mininet_ros.inference.onnx_runtime import OUTPUTS
from mininet_ros.inference.pytorch import label, load_network, normalise
from mininet_ros.lab.training.export.builder import SMALLEST_WEIGHT
from mininet_ros.lab.training.export.graph import LOGITS, build_graph
from mininet_ros.lab.training.export.int8 import Int8Recipe, recipe_of
from mininet_ros.lab.training.export.metadata import add_metadata
from mininet_ros.lab.training.export.runner import graph_runner
from mininet_ros.model_writing import write_model_folder
from mininet_ros.models import (
    CHANNEL_ORDER,
    GRAPH,
    INT8_GRAPH,
    WEIGHTS,
    Model,
    ModelError,
    model_from_card,
)
from mininet_ros.network import plain_options
from mininet_ros.network.stages import StagedNetwork

# Entry of the card that says how the int8 graph was made.
INT8 = "int8"
SCALE = 1 / 255
OFFSET = -0.5
LOGITS_TOLERANCE = 1e-3
MASK_TOLERANCE = 1e-4
CONFIDENCE_TOLERANCE = 1


class ExportError(RuntimeError):
    """The exported graph and the network give different results; nothing was written."""


def describe_model(
    network: str,
    options: Mapping[str, Any],
    classes: ClassTable,
    width: int,
    height: int,
    **sections: Any,
) -> dict[str, Any]:
    """Return the content of a card without its list of files.

    Args:
        network: name of the network.
        options: options of the network's table of stages.
        classes: names and colours of the classes.
        width, height: input size in pixels.
        sections: further entries, such as ``data``, ``training`` and ``figures``.

    Raises:
        ValueError: the network does not accept the input size.
    """
    require_input_size(width, height)
    return {
        "network": {"name": network, "options": plain_options(options)},
        "classes": [
            {"name": name, "color": list(color)}
            for name, color in zip(classes.names, classes.colors, strict=True)
        ],
        "ignore_label": IGNORE_LABEL,
        "input": {
            "width": width,
            "height": height,
            "channel_order": CHANNEL_ORDER,
            "scale": SCALE,
            "offset": OFFSET,
        },
        **sections,
    }


def write_model(
    network: StagedNetwork,
    card: Mapping[str, Any],
    folder: Path,
    int8: Int8Recipe | None = None,
) -> Model:
    """Export a network into a model folder.

    Args:
        network: network with the final weights; it must match ``card``. Weights below
            :data:`SMALLEST_WEIGHT` become zero.
        card: content of ``model.yaml`` from :func:`describe_model`.
        folder: model folder, created if it does not exist.
        int8: recipe of ``model.int8.onnx``; None means no int8 graph.

    Raises:
        ExportError: graph and PyTorch give different results; nothing is written.
        ModelError: the card is invalid for a model folder; nothing is written.
    """
    network = network.to("cpu").eval()
    drop_vanished(network)
    model = model_from_card(folder, {**card, "files": {}})
    if network.classes != len(model.classes):
        raise ModelError(f"{network.classes} outputs cannot be {len(model.classes)} classes")
    graph = build_graph(network, model.width, model.height, model.scale, model.offset)
    check_graph(graph, network, model, check_image(model.width, model.height))
    add_metadata(graph, model, normalised_inside=True)
    files = {WEIGHTS: _saved(network, model), GRAPH: graph.SerializeToString()}
    if int8 is not None:
        files[INT8_GRAPH] = int8.apply(graph).SerializeToString()
        card = {**card, INT8: dict(int8.card)}
    return write_model_folder(folder, card, files)


def _saved(network: StagedNetwork, model: Model) -> bytes:
    """Return the weights as a safetensors file with reproducible bytes.

    The library writes the metadata in an order that changes from run to run. The hash of the file
    would change with it.
    """
    said = {"classes": str(len(model.classes)), "network": model.network}
    content = save(network.packed_weights(), said)
    (length,) = struct.unpack_from("<Q", content)
    header = {**json.loads(content[8 : 8 + length]), "__metadata__": said}
    text = json.dumps(header, separators=(",", ":")).encode().ljust(length)
    return content[:8] + text + content[8 + length :]


def export_again(
    model: Model, width: int, height: int, folder: Path, int8: Int8Recipe | None = None
) -> Model:
    """Export a model again; figures that were measured at another input size are left out.

    Args:
        model: model to export.
        width, height: input size in pixels.
        folder: output folder, created if it does not exist; it may be the model's own folder.
        int8: recipe of ``model.int8.onnx``; None means the recipe of ``model``, if it has one.

    Raises:
        ValueError, ExportError, ModelError: see :func:`describe_model` and :func:`write_model`.
    """
    classes = ClassTable(model.classes, tuple((int(r), int(g), int(b)) for r, g, b in model.colors))
    remade = {"network", "classes", "ignore_label", "input", "files", INT8}
    if (width, height) != (model.width, model.height):
        remade.add("figures")
    sections = {key: value for key, value in model.card.items() if key not in remade}
    card = describe_model(model.network, model.options, classes, width, height, **sections)
    if int8 is None and model.has(INT8_GRAPH):
        int8 = recipe_of(onnx.load(model.path(INT8_GRAPH)), model.card.get(INT8, {}))
    return write_model(load_network(model), card, folder, int8)


@torch.no_grad()
def drop_vanished(network: StagedNetwork) -> None:
    """Set weights and statistics below :data:`SMALLEST_WEIGHT` to zero, in place."""
    for value in network.state_dict().values():
        if value.is_floating_point():
            value[value.abs() < SMALLEST_WEIGHT] = 0


def check_graph(
    graph: onnx.ModelProto, network: StagedNetwork, model: Model, image: np.ndarray
) -> None:
    """Compare the graph in ONNX Runtime with the network in PyTorch on one image.

    Args:
        image: image uint8 (height, width, 3) BGR at the model's input size.

    Raises:
        ExportError: logits differ by more than 1e-3 (relative to the largest logit if it is above
            1), more than 0.01 % of the labels differ (more than one label in images of less than
            10,000 pixels), or a confidence differs by more than 1.
    """
    with torch.inference_mode():
        expected = network(normalise(torch.from_numpy(image[None]), model))
        labels, confidences = (
            tensor[0].numpy() for tensor in label(expected, (model.height, model.width))
        )
    logits, mask, confidence = run_graph(graph, image)
    difference = float(np.abs(logits - expected.numpy()).max())
    if not difference <= LOGITS_TOLERANCE * max(1.0, float(expected.abs().max())):
        raise ExportError(f"the exported graph's logits differ by {difference:.2g} from PyTorch's")
    differing = int((mask != labels).sum())
    if differing > max(1, MASK_TOLERANCE * mask.size):
        raise ExportError(
            f"{differing} of the exported graph's {mask.size} labels differ from PyTorch's"
        )
    spread = np.abs(confidence.astype(int) - confidences.astype(int)).max()
    if spread > CONFIDENCE_TOLERANCE:
        raise ExportError(f"the exported graph's confidence differs by {spread} from PyTorch's")


def run_graph(
    graph: onnx.ModelProto, image: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run a graph; return logits float (1, C, h, w), mask and confidence uint8 (H, W)."""
    logits, mask, confidence = graph_runner(graph, (LOGITS, *OUTPUTS))(image)
    return logits, mask[0], confidence[0]


def check_image(width: int, height: int) -> np.ndarray:
    """Return a fixed image with structure at every scale, uint8 (height, width, 3)."""
    random = np.random.default_rng(0)
    picture = np.zeros((height, width, 3))
    cells = 4
    while cells < max(width, height):
        noise = random.uniform(-1, 1, (cells, cells, 3))
        rows = np.arange(height) * cells // height
        columns = np.arange(width) * cells // width
        picture += noise[rows][:, columns]
        cells *= 2
    return np.clip(128 + 40 * picture, 0, 255).astype(np.uint8)
