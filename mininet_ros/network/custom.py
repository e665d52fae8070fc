"""A user's own network: a function in a file of theirs, kept in the model's card as rows.

A card holds the rows and never a path, so that opening a model folder runs no code.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from mininet_ros.network import NETWORKS, STAGES
from mininet_ros.network.layers import (
    Downsampling,
    MultiDilationModule,
    SeparableModule,
    TransposedConvolution,
    Upsampling,
)
from mininet_ros.network.mininet_v1 import SeluDownsampling, SeluModule, SeluUpsampling
from mininet_ros.network.stages import Stage
from mininet_ros.network.study_layers import (
    AtrousSeparableModule,
    FactorisedModule,
    FactorisedSeparableModule,
    PixelDoubling,
    StandardModule,
)

# Layers that a table may use: those that the export can write as an ONNX graph.
LAYERS: dict[str, type[nn.Module]] = {
    layer.__name__: layer
    for layer in (
        Downsampling,
        SeparableModule,
        MultiDilationModule,
        Upsampling,
        TransposedConvolution,
        StandardModule,
        AtrousSeparableModule,
        FactorisedModule,
        FactorisedSeparableModule,
        PixelDoubling,
        SeluDownsampling,
        SeluModule,
        SeluUpsampling,
    )
}
# Stands in a row for the number of classes.
CLASSES = "classes"
# Two numbers of classes: what differs between their tables is the number of classes.
PROBES = (7, 11)


def read_rows(rows: Any, classes: int) -> tuple[Stage, ...]:
    """The table that rows describe.

    Args:
        rows: a list of mappings with ``block``, ``name``, ``layer`` (a name in :data:`LAYERS`),
            ``channels`` (a number, or ``classes``), ``input`` and perhaps ``options``.
        classes: outputs of the network.

    Raises:
        ValueError: a row lacks an entry, or names a layer that is not known.
    """
    try:
        return tuple(
            Stage(
                block=str(row["block"]),
                name=str(row["name"]),
                layer=LAYERS[row["layer"]],
                channels=classes if row["channels"] == CLASSES else int(row["channels"]),
                input=str(row["input"]),
                options=dict(row.get("options") or {}),
            )
            for row in rows
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"the rows of the network's table are not usable ({error!r}): each needs block, name, "
            f"layer ({', '.join(LAYERS)}), channels and input"
        ) from error


def network_argument(text: str) -> tuple[str, dict[str, Any]]:
    """Name and options of the network that a command line names.

    Args:
        text: a name in :data:`~mininet_ros.network.NETWORKS`, or ``FILE.py:FUNCTION`` for a
            table of the user's own, whose file is run.

    Raises:
        ValueError: the file or its function is not there, or does not return a usable table.
    """
    if text.endswith(".py"):
        raise ValueError(f"{text} is a file: name its function, too, as {text}:FUNCTION")
    path, separator, function = text.rpartition(":")
    if not separator:
        return text, {}
    if function in NETWORKS:
        raise ValueError(f"{text}: {function} is a network of this package, choose another name")
    make = _load(Path(path), function)
    try:
        table, other = (make(classes) for classes in PROBES)
    # The function is the user's: whatever it raises is told in one sentence, with its cause.
    except Exception as error:
        raise ValueError(f"{text} can not be called with a number of classes: {error!r}") from error
    return function, {STAGES: rows_of(text, table, other)}


def rows_of(source: str, table: Sequence[Stage], other: Sequence[Stage]) -> list[dict[str, Any]]:
    """Rows of a table, given as made for each of the two numbers of classes in :data:`PROBES`.

    Raises:
        ValueError: it is no table of stages, a layer is not known, or it does not end in as many
            channels as there are classes.
    """
    if not table or not all(isinstance(stage, Stage) for stage in (*table, *other)):
        raise ValueError(f"{source} must return a tuple of mininet_ros.network.stages.Stage")
    for stage in table:
        if LAYERS.get(stage.layer.__name__) is not stage.layer:
            raise ValueError(
                f"{source}: stage {stage.name} uses {stage.layer.__name__}, which the export does "
                f"not know; choose from {', '.join(LAYERS)}"
            )
    ends = tuple(stages[-1].channels for stages in (table, other))
    if ends != PROBES or len(table) != len(other):
        raise ValueError(
            f"{source}: the last stage must have as many channels as there are classes"
        )
    return [
        {
            "block": stage.block,
            "name": stage.name,
            "layer": stage.layer.__name__,
            "channels": stage.channels if stage.channels == twin.channels else CLASSES,
            "input": stage.input,
            **({"options": dict(stage.options)} if stage.options else {}),
        }
        for stage, twin in zip(table, other, strict=True)
    ]


def _load(path: Path, function: str) -> Callable[[int], Sequence[Stage]]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ValueError(f"{path} is no Python file: give FILE.py:FUNCTION")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    # The file is the user's: whatever it raises is told in one sentence, with its cause.
    except Exception as error:
        raise ValueError(f"{path} can not be run: {error!r}") from error
    contents: Mapping[str, Any] = vars(module)
    if not callable(contents.get(function)):
        raise ValueError(f"{path} has no function {function}")
    return contents[function]
