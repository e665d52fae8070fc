"""Metadata of ONNX files: classes, colours and the normalisation of the input."""

from __future__ import annotations

import json

import onnx

from mininet_ros.models import CHANNEL_ORDER, Model


def add_metadata(graph: onnx.ModelProto, model: Model, normalised_inside: bool) -> None:
    """Add ``metadata_props`` of plain strings; lists are JSON.

    ``classes`` has the class names in the order of the ids, ``colors`` their RGB values. A pixel
    value v from 0 to 255 is normalised to ``v * scale + offset``. ``normalisation`` says whether
    the graph or its caller does this.

    Args:
        graph: graph that the metadata is added to.
        model: model that the graph belongs to.
        normalised_inside: whether the graph takes bytes and normalises them itself.
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
