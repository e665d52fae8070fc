"""Merging of classes in published masks: road and sidewalk as ground, for example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable


@dataclass(frozen=True)
class ClassGroups:
    """New ids, names and colours of merged classes.

    Attributes:
        names: names of the merged classes in the order of their new ids; each class or group has
            the place of its first member.
        colors: uint8 (merged classes, 3), RGB; a group has the colour of its first member.
        new_ids: uint8 (256,), new id of each old one; 255 for ids without a class.
    """

    names: tuple[str, ...]
    colors: np.ndarray
    new_ids: np.ndarray

    def merge(self, mask: np.ndarray) -> np.ndarray:
        """Return a mask of old ids, uint8 (H, W), with the new ids."""
        return cv2.LUT(mask, self.new_ids)


def parse_groups(entries: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Parse groups such as ``ground=Road+Sidewalk``.

    Args:
        entries: one entry for each group; empty entries are ignored.

    Raises:
        ValueError: an entry has another form, or a group is given twice.
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
    """Merge classes; classes that no group names are unchanged.

    Args:
        classes: names and colours in the order of the old ids.
        groups: names of the merged classes, by the name of the group.

    Raises:
        ValueError: a group is empty, names an unknown class or one of another group, or has the
            name of an unmerged class.
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
