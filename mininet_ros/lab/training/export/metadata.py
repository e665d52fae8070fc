"""What an ONNX file says of itself: classes, colours and how pixels become its input."""

from __future__ import annotations

import json

import onnx

from mininet_ros.models import CHANNEL_ORDER, Model


def add_metadata(graph: onnx.ModelProto, model: Model, normalised_inside: bool) -> None:
    """Add ``metadata_props`` of plain strings; lists are JSON.

    ``classes`` are names in the order of the ids, ``colors`` their RGB values, ``scale`` and
    ``offset`` those by which a pixel value v in 0-255 enters the network as ``v * scale + offset``;
    ``normalisation`` says whether the graph does so or its caller.

    Args:
        graph: is added to.
        model: whose graph it is.
        normalised_inside: the graph takes bytes.
    """
    entries = {
        "network": model.network,
        "classes": json.dumps(list(model.classes)),
        "colors": json.dumps(model.colors.tolist()),
        "ignore_label": str(model.ignore_label),
        "channel_order": CHANNEL_ORDER,
        "scale": repr(model.scale),
        "offset": repr(model.offset),
        "normalisation": "inside the graph" if normalised_inside else "before the graph",
    }
    onnx.helper.set_model_props(graph, entries)
