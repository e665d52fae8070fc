"""The engines that a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mininet_ros.benchmark.engine import Engine
from mininet_ros.benchmark.peer import peer_engine
from mininet_ros.models import GRAPH, Model, load_model
from mininet_ros.network import build_network
from mininet_ros.network.profile import profile_network
from mininet_ros.training.export import export_again


def engines_of(
    models: Sequence[str],
    peers: Sequence[Path],
    size: tuple[int, int] | None,
    with_pytorch: bool,
    folder: Path,
) -> tuple[list[Engine], tuple[int, int]]:
    """Engines for models and ONNX files, all at one input size.

    Args:
        models: names or paths of model folders; each runs in ONNX Runtime.
        peers: ONNX files, see :func:`mininet_ros.benchmark.peer.peer_engine`.
        size: width and height; None for the first model's own.
        with_pytorch: measure each model in eager PyTorch, too.
        folder: for graphs that are exported at ``size``.

    Returns:
        The engines, and the size that they run at.

    Raises:
        ValueError: nothing to measure, no size for peers alone, or an unusable model or file.
    """
    loaded = [load_model(name) for name in models]
    if not loaded and not peers:
        raise ValueError("a benchmark needs a model or an ONNX file")
    if size is None:
        if not loaded:
            raise ValueError("an ONNX file alone needs --input-size")
        size = (loaded[0].width, loaded[0].height)
    engines = []
    for model in loaded:
        profile = profile_network(
            build_network(model.network, len(model.classes), **model.options), *size
        )
        facts = {
            "macs": round(1e9 * profile.gmacs),
            "parameters": profile.parameters,
            "miou": model.card.get("figures", {}).get("validation_miou"),
        }
        graph = _at_size(model, size, folder).path(GRAPH)
        engines.append(Engine(model.name, "onnxruntime", str(graph), **facts))
        if with_pytorch:
            engines.append(Engine(model.name, "pytorch", str(model.folder), **facts))
    width, height = size
    engines += [peer_engine(path.stem, path, width, height, folder) for path in peers]
    return engines, size


def _at_size(model: Model, size: tuple[int, int], folder: Path) -> Model:
    if size == (model.width, model.height):
        return model
    return export_again(model, *size, folder / model.name)
