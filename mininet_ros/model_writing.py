"""Writes model folders: completely, or the previous folder is left unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mininet_ros.images.class_tables import read_yaml
from mininet_ros.models import (
    CARD,
    GRAPH,
    INT8_GRAPH,
    WEIGHTS,
    Model,
    ModelError,
    model_from_card,
    read_model_folder,
    refuse_unlisted,
    require_weights_agree,
    sha256,
)
from mininet_ros.results import ResultFolder, WrittenFile


def write_model_folder(folder: Path, card: Mapping[str, Any], files: Mapping[str, bytes]) -> Model:
    """Write a model folder and read it back; the card's ``files`` entry is made here.

    An existing model in the folder is replaced once the new one is complete.

    Args:
        folder: model folder, which is created if it does not exist.
        card: content of ``model.yaml`` without ``files``.
        files: content of each file by its name: ``model.onnx``, and ``weights.safetensors`` where
            the network is to run in PyTorch or to be trained further.

    Raises:
        ModelError: the card or a file does not fit a model folder; nothing is written then.
        ResultError: the folder cannot be written, or contains other files than a model.
    """
    card = {**card, "files": {name: sha256(content) for name, content in files.items()}}
    model = model_from_card(folder, card)
    if GRAPH not in files:
        raise ModelError(f"a model folder needs {GRAPH}")
    if WEIGHTS in files:
        require_weights_agree(model, files[WEIGHTS])
    refuse_unlisted(folder, {*files, *_listed_in(folder)})
    text = yaml.dump(card, Dumper=_WithoutAliases, sort_keys=False, allow_unicode=True, width=100)
    with model_results(folder, files) as results:
        for name, content in (*files.items(), (CARD, text.encode())):
            (results.staging / name).write_bytes(content)
        read_model_folder(results.staging)
    return read_model_folder(folder)


def check_target(folder: Path, inputs: Iterable[Path | str | None] = ()) -> None:
    """Check, before long work, whether a model folder can be written; change nothing.

    Args:
        folder: folder for the new model.
        inputs: files and folders that the command reads.

    Raises:
        ResultError: the folder is an input, cannot be written, or contains other files than a
            model.
    """
    model_results(folder, inputs=inputs).check()
    refuse_unlisted(folder, {WEIGHTS, GRAPH, INT8_GRAPH, *_listed_in(folder)})


def model_results(
    folder: Path,
    names: Iterable[str] = (WEIGHTS, GRAPH),
    inputs: Iterable[Path | str | None] = (),
) -> ResultFolder:
    """Return the context that replaces the model in a folder, if there is one.

    Args:
        folder: folder of the model.
        names: names of the new model's files, without the card.
        inputs: files and folders that the command reads.
    """
    owned = {name: WrittenFile(digest) for name, digest in _listed_in(folder).items()}
    if owned:
        owned[CARD] = WrittenFile(sha256((folder / CARD).read_bytes()))
    return ResultFolder(folder, "model", {CARD, *names, *owned}, inputs, owned=owned, listed=False)


def _listed_in(folder: Path) -> dict[str, str]:
    """Return the digests of a model's files by name; empty if the folder has no model."""
    try:
        listed = read_yaml((folder / CARD).read_bytes())["files"]
        return {str(name): str(digest) for name, digest in listed.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


class _WithoutAliases(yaml.SafeDumper):
    """YAML writer that writes repeated values in full."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: never write aliases; see yaml."""
        return True
