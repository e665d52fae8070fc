"""Classes merged on the way out: road and sidewalk as ground, for example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable


@dataclass(frozen=True)
class ClassGroups:
    """What the classes of masks become.

    Attributes:
        names: of the merged classes in the order of their new ids: each class or group stands
            where its first member stood.
        colors: uint8 (merged classes, 3), RGB; a group has the colour of its first member.
        new_ids: uint8 (256,), the new id of each old one; 255 for what is no class.
    """

    names: tuple[str, ...]
    colors: np.ndarray
    new_ids: np.ndarray

    def merge(self, mask: np.ndarray) -> np.ndarray:
        """A mask of old ids, uint8 (H, W), with the new ones."""
        return cv2.LUT(mask, self.new_ids)


def parse_groups(entries: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Groups from ``ground=Road+Sidewalk``.

    Args:
        entries: one a group; empty ones are passed over.

    Raises:
        ValueError: an entry is not of that form, or a group is given twice.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for entry in filter(None, entries):
        name, equals, members = entry.partition("=")
        parts = tuple(part.strip() for part in members.split("+"))
        if not equals or not name.strip() or not all(parts):
            raise ValueError(f"group {entry!r} is not NAME=CLASS+CLASS, as in ground=Road+Sidewalk")
        if name.strip() in groups:
            raise ValueError(f"group {name.strip()} is given twice")
        groups[name.strip()] = parts
    return groups


def merged(classes: ClassTable, groups: Mapping[str, Sequence[str]]) -> ClassGroups:
    """The classes with some of them merged; those that no group names stay as they are.

    Args:
        classes: names and colours in the order of the old ids.
        groups: names of the merged classes, by the group's name.

    Raises:
        ValueError: a group is empty, names no class or one of another group, or has the name of a
            class that stays.
    """
    group_of: dict[str, str] = {}
    for group, members in groups.items():
        if not members:
            raise ValueError(f"group {group} names no class")
        for member in members:
            if member not in classes.names:
                raise ValueError(
                    f"group {group} names {member}, which is no class: choose among "
                    f"{', '.join(classes.names)}"
                )
            if member in group_of:
                raise ValueError(f"class {member} is in the groups {group_of[member]} and {group}")
            group_of[member] = group
    for group in groups:
        if group in classes.names and group_of.get(group) != group:
            raise ValueError(f"group {group} has the name of a class that is not in it")
    names: list[str] = []
    colors: list[tuple[int, ...]] = []
    new_ids = np.full(256, IGNORE_LABEL, np.uint8)
    for number, (name, color) in enumerate(zip(classes.names, classes.colors, strict=True)):
        new_name = group_of.get(name, name)
        if new_name not in names:
            names.append(new_name)
            colors.append(color)
        new_ids[number] = names.index(new_name)
    return ClassGroups(tuple(names), np.array(colors, np.uint8), new_ids)
