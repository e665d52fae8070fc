"""An ONNX file of somebody else's network made into a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable
from mininet_ros.images.input_size import require_input_size
from mininet_ros.lab.adopt.errors import AdoptError
from mininet_ros.lab.adopt.foreign import (
    ForeignNetwork,
    Preparation,
    fixed_size,
    open_foreign,
    read_graph,
    run_foreign,
    trial_picture,
)
from mininet_ros.lab.adopt.outputs import OutputKind
from mininet_ros.lab.adopt.wrapper import wrap
from mininet_ros.model_writing import check_target, write_model_folder
from mininet_ros.models import GRAPH, Model

LARGEST_FILE = 2**31  # bytes: what one ONNX file can hold
# Pixels whose two best classes are equally good but for rounding may be labelled either way.
DIFFERING_SHARE = 1e-3


def adopt(
    path: Path,
    classes: ClassTable,
    folder: Path,
    preparation: Preparation,
    size: tuple[int, int] | None = None,
    output: str | None = None,
) -> Model:
    """Wrap a segmentation network into a model folder, and verify it by running it.

    The folder has no ``weights.safetensors``: the network runs in ONNX Runtime and cannot be
    trained on here.

    Args:
        path: ONNX file whose input is one picture, and whose output are scores of each class or
            labels, at any size.
        classes: what its ids mean, in their order.
        folder: of the new model; made where it does not exist.
        preparation: how pixels enter the network.
        size: width and height of its input in pixels, multiples of 8; None takes the file's own.
        output: name of the output to use; None takes the first.

    Raises:
        AdoptError: the file, its input or its output is not what it must be; nothing is written.
        ValueError: a side of the input is no multiple of 8.
        ModelError: the folder cannot be written.
    """
    check_target(folder, inputs=[path])
    chosen = size or fixed_size(read_graph(path), preparation.layout)
    if chosen is None:
        raise AdoptError(f"{path} takes pictures of any size: choose one as --input-size WxH")
    width, height = chosen
    require_input_size(width, height)
    foreign = open_foreign(path, preparation, width, height, len(classes.names), output)
    wrapped = wrap(foreign, preparation, width, height)
    if wrapped.ByteSize() >= LARGEST_FILE:
        raise AdoptError(f"{path} is larger than the 2 GiB that one ONNX file can hold")
    _check(wrapped, foreign, preparation, width, height, path)
    card = _card(path, classes, foreign, preparation, width, height)
    return write_model_folder(folder, card, {GRAPH: wrapped.SerializeToString()})


def _check(
    wrapped: Any,
    foreign: ForeignNetwork,
    preparation: Preparation,
    width: int,
    height: int,
    path: Path,
) -> None:
    picture = trial_picture(width, height)
    raw = run_foreign(
        foreign.graph, preparation.apply(picture, foreign.dtype), foreign.output, path
    )
    expected = foreign.form.mask(raw, width, height)
    mask = run_foreign(wrapped, picture[None], "mask", path)[0]
    differing = float((mask != expected).mean())
    if mask.shape != expected.shape or differing > DIFFERING_SHARE:
        raise AdoptError(
            f"the wrapped graph of {path} gives {100 * differing:.2f} % other labels than the "
            f"network itself: nothing was written"
        )


def _card(
    path: Path,
    classes: ClassTable,
    foreign: ForeignNetwork,
    preparation: Preparation,
    width: int,
    height: int,
) -> Mapping[str, Any]:
    return {
        "network": {"name": path.stem, "options": {}},
        "classes": [
            {"name": name, "color": list(color)}
            for name, color in zip(classes.names, classes.colors, strict=True)
        ],
        "ignore_label": IGNORE_LABEL,
        # The picture enters the graph as it is: its preparation is inside.
        "input": {
            "width": width,
            "height": height,
            "channel_order": "bgr",
            "scale": 1.0,
            "offset": 0.0,
        },
        "adopted": {
            "from": path.name,
            "output": foreign.output,
            "output_kind": foreign.form.kind.value,
            "output_size": "{1}x{0}".format(*foreign.form.size),
            "confidence": "255 everywhere, since the network gives labels alone"
            if foreign.form.kind is OutputKind.LABELS
            else "share of the winning class",
            "preparation": {
                "order": preparation.order,
                "layout": preparation.layout,
                "scale": preparation.scale,
                "mean": list(preparation.mean),
                "std": list(preparation.std),
            },
        },
    }
