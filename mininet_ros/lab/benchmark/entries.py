"""Builds the engines that the command line names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import onnx

from mininet_ros.extras import missing_extra
from mininet_ros.lab.benchmark.engine import Engine
from mininet_ros.lab.benchmark.peer import count_macs, count_parameters, peer_engine
from mininet_ros.lab.training.export.model_folder import export_again
from mininet_ros.lab.training.export.plain import export_plainly
from mininet_ros.models import GRAPH, INT8_GRAPH, WEIGHTS, Model, load_model
from mininet_ros.network import build_network
from mininet_ros.network.profile import profile_network

PYTORCH, NAIVE, OPENVINO = "pytorch", "naive", "openvino"
# PyTorch in eager mode, the network as PyTorch exports it, and our graphs in OpenVINO.
OTHERS = (PYTORCH, NAIVE, OPENVINO)


def engines_of(
    models: Sequence[str],
    peers: Sequence[Path],
    size: tuple[int, int] | None,
    others: Collection[str],
    folder: Path,
) -> tuple[list[Engine], tuple[int, int]]:
    """Build engines for models and ONNX files, all at one input size.

    Args:
        models: names or paths of model folders; each runs in ONNX Runtime in float32, and also in
            int8 if it has an int8 graph.
        peers: ONNX files, see :func:`mininet_ros.lab.benchmark.peer.peer_engine`.
        size: width and height of the input in pixels; None means the input size of the first model.
        others: further ways to run each model, from :data:`OTHERS`.
        folder: folder for graphs that are exported for the benchmark.

    Returns:
        The engines, and their input size (width, height) in pixels.

    Raises:
        ValueError: there is nothing to measure, only peers are given without a size, or a model or
            a file cannot be used.
    """
    loaded = [load_model(name) for name in models]
    if not loaded and not peers:
        raise ValueError("a benchmark needs a model or an ONNX file")
    if size is None:
        if not loaded:
            raise ValueError("an ONNX file alone needs --input-size")
        size = (loaded[0].width, loaded[0].height)
    if OPENVINO in others and find_spec(OPENVINO) is None:
        raise ValueError(missing_extra("--openvino", "openvino"))
    engines = []
    for model in loaded:
        engines += _engines_of_model(model, size, others, folder)
    width, height = size
    engines += [peer_engine(path.stem, path, width, height, folder) for path in peers]
    return engines, size


def _engines_of_model(
    model: Model, size: tuple[int, int], others: Collection[str], folder: Path
) -> list[Engine]:
    figures = model.card.get("figures", {})
    macs, parameters = _cost(model, size)
    exact = Engine(
        model.name,
        "onnxruntime",
        macs=macs,
        parameters=parameters,
        miou=figures.get("validation_miou"),
    )
    engines = []
    if PYTORCH in others:
        engines.append(replace(exact, runtime="pytorch", path=str(model.folder)))
    if NAIVE in others:
        path = folder / f"{model.name}.naive.onnx"
        export_plainly(model, *size, path)
        peer = peer_engine(f"{model.name}.naive", path, *size, folder)
        engines.append(replace(exact, name=f"{model.name} naive", path=peer.path))
    sized = _at_size(model, size, folder)
    graphs = [replace(exact, path=str(sized.path(GRAPH)))]
    if sized.has(INT8_GRAPH):
        miou = figures.get("int8", {}).get("validation_miou")
        path = str(sized.path(INT8_GRAPH))
        graphs.append(replace(exact, path=path, precision="int8", miou=miou))
    engines += graphs
    if OPENVINO in others:
        engines += [replace(graph, runtime=OPENVINO) for graph in graphs]
    return engines


def _cost(model: Model, size: tuple[int, int]) -> tuple[int, int]:
    """Multiply-accumulates and parameters; those of adopted networks are counted in the graph."""
    if not model.has(WEIGHTS):
        graph = onnx.load(model.path(GRAPH))
        return count_macs(graph), count_parameters(graph)
    network = build_network(model.network, len(model.classes), **model.options)
    profile = profile_network(network, *size)
    return round(1e9 * profile.gmacs), profile.parameters


def _at_size(model: Model, size: tuple[int, int], folder: Path) -> Model:
    if size == (model.width, model.height):
        return model
    return export_again(model, *size, folder / model.name)
