"""Names and colours of the classes of the known datasets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError

IGNORE_LABEL = 255


MAX_YAML_BYTES = 1 << 20


class NamesAsText(yaml.SafeLoader):
    """YAML loader that reads the value of a key ``name`` as the text that is written there.

    Plain YAML would read a class called ``yes``, ``on`` or ``1`` as True or a number. Keys must be
    text or integers. Aliases are refused, because a few lines with them can expand to gigabytes.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases; see yaml."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise ComposerError(None, None, "aliases are not read here", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Check the keys, and keep names as text; see yaml."""
        mapping = super().construct_mapping(node, deep)
        for key in mapping:
            if type(key) not in (str, int):
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is neither text nor a number", node.start_mark
                )
        for key, value in node.value:
            if key.value == "name" and isinstance(value, yaml.ScalarNode):
                mapping["name"] = value.value
        return mapping


def read_yaml(content: bytes) -> Any:
    """Read a YAML document with the names of classes; see :class:`NamesAsText`.

    Raises:
        ValueError: the document is too long, not text, or not YAML. The message is one sentence
            with the place.
    """
    if len(content) > MAX_YAML_BYTES:
        raise ValueError(f"it has {len(content)} bytes, more than {MAX_YAML_BYTES}")
    try:
        return yaml.load(content.decode(), NamesAsText)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


@dataclass(frozen=True)
class ClassTable:
    """Class names in the order of their ids, and an RGB colour (0 to 255) for each.

    Raises:
        ValueError: there is no class or more than 255, a name is repeated, or a colour is not RGB.
    """

    names: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.names) < IGNORE_LABEL:
            raise ValueError(f"a class table holds 1 to 254 classes, not {len(self.names)}")
        if len(set(self.names)) != len(self.names):
            raise ValueError("a class table names a class twice")
        if len(self.colors) != len(self.names):
            raise ValueError(f"{len(self.names)} classes need as many colours as names")
        for name, color in zip(self.names, self.colors, strict=True):
            if len(color) != 3 or not all(
                isinstance(value, int) and 0 <= value <= 255 for value in color
            ):
                raise ValueError(f"colour of class {name!r} must be three integers 0-255")


CAMVID = ClassTable(
    names=(
        "Sky",
        "Building",
        "Pole",
        "Road",
        "Sidewalk",
        "Tree",
        "SignSymbol",
        "Fence",
        "Car",
        "Pedestrian",
        "Bicyclist",
    ),
    colors=(
        (128, 128, 128),
        (128, 0, 0),
        (192, 192, 128),
        (128, 64, 128),
        (0, 0, 192),
        (128, 128, 0),
        (192, 128, 128),
        (64, 64, 128),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
    ),
)

CITYSCAPES = ClassTable(
    names=(
        "road",
        "sidewalk",
        "building",
        "wall",
        "fence",
        "pole",
        "traffic light",
        "traffic sign",
        "vegetation",
        "terrain",
        "sky",
        "person",
        "rider",
        "car",
        "truck",
        "bus",
        "train",
        "motorcycle",
        "bicycle",
    ),
    colors=(
        (128, 64, 128),
        (244, 35, 232),
        (70, 70, 70),
        (102, 102, 156),
        (190, 153, 153),
        (153, 153, 153),
        (250, 170, 30),
        (220, 220, 0),
        (107, 142, 35),
        (152, 251, 152),
        (70, 130, 180),
        (220, 20, 60),
        (255, 0, 0),
        (0, 0, 142),
        (0, 0, 70),
        (0, 60, 100),
        (0, 80, 100),
        (0, 0, 230),
        (119, 11, 32),
    ),
)

SCENE_TEXT = ClassTable(names=("background", "text"), colors=((64, 64, 64), (255, 200, 0)))

CLASS_TABLES = {
    "camvid": CAMVID,
    "cityscapes": CITYSCAPES,
    "cocotext": SCENE_TEXT,
    "icdar2015": SCENE_TEXT,
}


def read_class_table(dataset: str) -> ClassTable:
    """Return the class table of a dataset, or of a file ``classes: [{name, color}, ...]``.

    Raises:
        ValueError: the name is neither a known dataset nor a readable file of classes.
    """
    if dataset in CLASS_TABLES:
        return CLASS_TABLES[dataset]
    path = Path(dataset)
    if not path.is_file():
        known = ", ".join(sorted(CLASS_TABLES))
        raise ValueError(f"{dataset!r} is neither a known dataset ({known}) nor a yaml file")
    try:
        rows = read_yaml(path.read_bytes())["classes"]
        return ClassTable(
            names=tuple(str(row["name"]) for row in rows),
            colors=tuple(tuple(row["color"]) for row in rows),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path} must hold a list 'classes' of entries with 'name' and 'color' "
            f"([red, green, blue]): {error!r}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
