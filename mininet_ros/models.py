"""Model folders, read and verified: network, classes, colours, input size, files.

This module imports neither PyTorch nor ROS, to keep the start of a robot fast.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from mininet_ros.images.class_groups import ClassGroups, merged
from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable, read_yaml
from mininet_ros.images.input_size import require_input_size
from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.share import share_folder

CARD = "model.yaml"
WEIGHTS = "weights.safetensors"
GRAPH = "model.onnx"
INT8_GRAPH = "model.int8.onnx"
# Documents that people add to a model folder; no program reads them.
DOCUMENTS = ("README*", "LICENSE*", "LICENCE*", "NOTICE*", ".*")
CHANNEL_ORDER = "bgr"
DEFAULT_NETWORK = "mininet_v2_cpu"


class ModelError(ValueError):
    """A model cannot be used. The message is one sentence with the file and the reason."""


@dataclass(frozen=True)
class Model:
    """A verified model folder.

    Attributes:
        folder, name: path of the folder; name of the folder.
        network, options: name of the network; options of its table.
        classes: class names in the order of the ids in masks.
        colors: uint8 (classes, 3), RGB colour of each class.
        ignore_label: id of pixels without a class, 255.
        width, height: input size of the network in pixels, multiples of 8.
        scale, offset: factor and summand of the input: a pixel value v in 0 to 255 enters the
            network as ``v * scale + offset``.
        card: content of ``model.yaml``.
    """

    folder: Path
    name: str
    network: str
    options: Mapping[str, Any]
    classes: tuple[str, ...]
    colors: np.ndarray
    ignore_label: int
    width: int
    height: int
    scale: float
    offset: float
    card: Mapping[str, Any]

    @property
    def table(self) -> ClassTable:
        """Names and colours of the classes."""
        return ClassTable(self.classes, _as_colors(self.colors))

    def grouped(self, groups: Mapping[str, Sequence[str]] | None = None) -> ClassGroups | None:
        """Return the merged classes of published masks; None if masks have the network's own.

        Args:
            groups: names of classes to merge, by the name of the merged class; None uses the entry
                ``groups`` of the card.

        Raises:
            ModelError: the groups do not fit the classes.
        """
        chosen = self.card.get("groups") if groups is None else groups
        if not chosen:
            return None
        try:
            return merged(self.table, {str(name): list(given) for name, given in chosen.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelError(f"groups of model {self.folder}: {error}") from error

    @property
    def published_table(self) -> ClassTable:
        """Names and colours of the classes of published masks, merged as the card says.

        Raises:
            ModelError: the card's groups do not fit its classes.
        """
        groups = self.grouped()
        if groups is None:
            return self.table
        return ClassTable(
            groups.names, tuple((int(r), int(g), int(b)) for r, g, b in groups.colors)
        )

    def has(self, filename: str) -> bool:
        """Return whether the card lists a file."""
        return filename in self.card["files"]

    def path(self, filename: str) -> Path:
        """Return the full path of one of the folder's files.

        Raises:
            ModelError: the card does not list the file.
        """
        if not self.has(filename):
            raise ModelError(f"model folder {self.folder} has no file {filename}")
        return self.folder / filename


def _as_colors(colors: np.ndarray) -> tuple[tuple[int, int, int], ...]:
    return tuple((int(red), int(green), int(blue)) for red, green, blue in colors)


def models_folder() -> Path:
    """Return the folder of the models in the package."""
    return share_folder() / "models"


def load_model(model: str | Path, network: str = "auto", prefer: str = DEFAULT_NETWORK) -> Model:
    """Find, read and verify a model.

    Args:
        model: path of a model folder, name of a folder in the package (``camvid_mininet_v2_cpu``),
            or first part of such a name (``camvid``), which the network completes.
        network: the network that the model must have, or ``auto``.
        prefer: network that completes the first part of a name where ``network`` is ``auto``.

    Raises:
        ModelError: there is no such model, a file is missing or altered, the folder contradicts
            itself, or it contains another network than requested.
    """
    folder = find_model_folder(model, prefer if network == "auto" else network)
    found = read_model_folder(folder)
    if network not in ("auto", found.network):
        raise ModelError(
            f"model {folder} holds network {found.network}, but {network} was asked for: "
            f"choose another model, or network 'auto'"
        )
    return found


def find_model_folder(model: str | Path, network: str) -> Path:
    """Return the folder for a name or path, completed by ``network``; see :func:`load_model`.

    Raises:
        ModelError: there is no such folder; the message lists the available ones.
    """
    path = Path(model).expanduser()
    if not str(model):
        raise ModelError("the model's name is empty: give a name such as camvid, or a path")
    if len(path.parts) > 1 or (path / CARD).is_file():
        if not path.is_dir():
            raise ModelError(f"model folder {path} does not exist")
        return path
    shipped = models_folder()
    for name in (str(model), f"{model}_{network}"):
        if (shipped / name / CARD).is_file():
            return shipped / name
    names = sorted(card.parent.name for card in shipped.glob(f"*/{CARD}"))
    is_part = any(name.startswith(f"{model}_") for name in names)
    wanted = f"{model!r} for network {network}" if is_part else repr(str(model))
    raise ModelError(
        f"there is no model {wanted}: give one of those installed "
        f"({', '.join(names) or 'none'}) or the path of a model folder"
    )


def read_model_folder(folder: Path) -> Model:
    """Read and verify one model folder.

    Raises:
        ModelError: as for :func:`load_model`.
    """
    path = folder / CARD
    if not path.is_file():
        raise ModelError(f"model folder {folder} has no {CARD}")
    try:
        card = read_yaml(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path} is not readable yaml: {error}") from error
    model = model_from_card(folder, card)
    for filename in (GRAPH, *card["files"]):
        if filename not in card["files"]:
            raise ModelError(f"{path} does not list {filename}")
        if not (folder / filename).is_file():
            raise ModelError(f"model folder {folder} lacks {filename}")
        if sha256((folder / filename).read_bytes()) != card["files"][filename]:
            raise ModelError(
                f"{folder / filename} is not the file that {CARD} lists: its sha256 differs"
            )
    refuse_unlisted(folder, card["files"])
    if model.has(WEIGHTS):
        require_weights_agree(model, (folder / WEIGHTS).read_bytes())
    return model


def refuse_unlisted(folder: Path, listed: Iterable[str]) -> None:
    """Refuse files that no hash covers; documents and folders are allowed, as nothing reads them.

    Args:
        folder: model folder, which need not exist.
        listed: names of the files that the card lists.

    Raises:
        ModelError: there is another file.
    """
    known = {CARD, *listed}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        is_document = any(fnmatch(path.name, pattern) for pattern in DOCUMENTS)
        if path.name not in known and not path.is_dir() and not is_document:
            raise ModelError(
                f"model folder {folder} holds {path.name}, which {CARD} does not list: remove it"
            )


def model_from_card(folder: Path, card: Any) -> Model:
    """Return the model that a card describes; read no file.

    Raises:
        ModelError: an entry is missing or invalid.
    """
    path = folder / CARD
    try:
        classes = tuple(str(entry["name"]) for entry in card["classes"])
        colors = np.array([entry["color"] for entry in card["classes"]], dtype=np.int64)
        model = Model(
            folder=folder,
            name=folder.name,
            network=str(card["network"]["name"]),
            options=dict(card["network"].get("options") or {}),
            classes=classes,
            colors=colors.astype(np.uint8),
            ignore_label=int(card["ignore_label"]),
            width=int(card["input"]["width"]),
            height=int(card["input"]["height"]),
            scale=float(card["input"]["scale"]),
            offset=float(card["input"]["offset"]),
            card=card,
        )
        order = card["input"]["channel_order"]
        files = dict(card["files"])
        for section in (card, card["network"], model.options, card["input"], files):
            for key in section:
                if not isinstance(key, str):
                    raise ValueError(f"key {key!r} is no text")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(f"{path} lacks an entry or has a wrong one: {error!r}") from error
    if not (math.isfinite(model.scale) and math.isfinite(model.offset) and model.scale):
        raise ModelError(
            f"{path}: scale {model.scale} and offset {model.offset} must be finite, the scale not 0"
        )
    if colors.shape != (len(classes), 3) or colors.min() < 0 or colors.max() > 255:
        raise ModelError(f"{path}: every class needs a colour of three values 0-255")
    if len(set(classes)) != len(classes):
        raise ModelError(f"{path} names a class twice")
    if model.ignore_label != IGNORE_LABEL or len(classes) >= IGNORE_LABEL:
        raise ModelError(f"{path}: ignore_label must be {IGNORE_LABEL}, beyond all classes")
    try:
        require_input_size(model.width, model.height)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error
    if model.width * model.height > MAX_PIXELS:
        raise ModelError(f"{path}: the input has more than {MAX_PIXELS} pixels")
    if order != CHANNEL_ORDER:
        raise ModelError(f"{path}: channel_order must be {CHANNEL_ORDER}, not {order!r}")
    model.grouped()
    for filename in files:
        if Path(filename).name != filename:
            raise ModelError(f"{path} lists {filename!r}, which is not a plain file name")
    return model


def require_weights_agree(model: Model, weights: bytes) -> None:
    """Check the card against the metadata of the weights file.

    Raises:
        ModelError: the file is not a safetensors file, or has another network or number of classes.
    """
    try:
        (length,) = struct.unpack("<Q", weights[:8])
        said = json.loads(weights[8 : 8 + length])["__metadata__"]
        network, classes = said["network"], int(said["classes"])
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{model.folder / WEIGHTS} is no safetensors file that names its network: {error!r}"
        ) from error
    if (network, classes) != (model.network, len(model.classes)):
        raise ModelError(
            f"{model.folder / WEIGHTS} holds {network} with {classes} classes, but {CARD} says "
            f"{model.network} with {len(model.classes)}"
        )


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()
