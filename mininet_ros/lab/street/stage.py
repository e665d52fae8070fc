"""Places the surfaces of the generated street and gives them their class labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mininet_ros.lab.street.camera import Quad, Texture

CLASSES = (
    "Sky", "Building", "Pole", "Road", "Sidewalk", "Tree", "SignSymbol", "Fence", "Car",
    "Pedestrian", "Bicyclist",
)  # fmt: skip
"""Classes of the ground truth, in the order of the 11 classes of CamVid."""

SKY, BUILDING, POLE, ROAD, SIDEWALK, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST = range(11)

# Layers in drawing order. The last one has the objects on the ground, sorted by depth.
BACKDROP, ROADWAY, KERB, GROUND, SHADOWS, STANDING = range(6)

KERB_X = 4.6
"""Half the width of the road, m."""
KERB_Y = -0.12
"""Height of the pavement as a y coordinate (y points down, the road is y = 0), m."""
FRONT_X = 8.2
"""Distance from the middle of the road to the house fronts, m."""
CAMERA_X = -1.0
"""Lateral position of the robot's lane, m."""
LIGHT = {-1: 0.66, 1: 1.15}
"""Brightness of the left (-1) and right (1) house fronts; the sun is on the left."""


@dataclass(frozen=True, eq=False)
class Sign:
    """One sign of the street.

    Attributes:
        number: value of the sign in the instance map, from 1.
        text: text on the sign.
        quad: surface of the sign.
    """

    number: int
    text: str
    quad: Quad


class Stage:
    """Collects the surfaces of a street.

    Attributes:
        quads: all surfaces so far.
        signs: all signs so far by their number.
    """

    def __init__(self) -> None:
        self.quads: list[Quad] = []
        self.signs: dict[int, Sign] = {}

    def add(
        self,
        texture: Texture | tuple[Texture, ...],
        origin: tuple[float, float, float],
        across: tuple[float, float, float],
        down: tuple[float, float, float],
        label: int | None,
        text: str | None = None,
        **options: Any,
    ) -> None:
        """Add a parallelogram; it is a sign if it has a text.

        The other ``options`` are attributes of ``Quad``.
        """
        textures = texture if isinstance(texture, tuple) else (texture,)
        corner, along, below = (np.array(edge, np.float64) for edge in (origin, across, down))
        number = 0 if text is None else len(self.signs) + 1
        quad = Quad(corner, along, below, textures, label, instance=number, **options)
        self.quads.append(quad)
        if text is not None:
            self.signs[number] = Sign(number, text, quad)

    def flat(
        self,
        texture: Texture,
        corner: tuple[float, float, float],
        wide: float,
        long: float,
        label: int | None,
        layer: int,
        **options: Any,
    ) -> None:
        """Add a surface on the ground at its near left corner; its width points away."""
        self.add(texture, corner, (0, 0, long), (wide, 0, 0), label, layer=layer, **options)

    def facing(
        self,
        texture: Texture | tuple[Texture, ...],
        middle: float,
        foot: float,
        z: float,
        wide: float,
        high: float,
        label: int,
        **options: Any,
    ) -> None:
        """Add a vertical surface on a point of the ground; it faces the camera."""
        corner = (middle - wide / 2, foot - high, z)
        self.add(texture, corner, (wide, 0, 0), (0, high, 0), label, **options)

    def along(
        self,
        texture: Texture,
        x: float,
        top: float,
        z: float,
        long: float,
        high: float,
        label: int,
        **options: Any,
    ) -> None:
        """Add a vertical surface along the street; its texture is upright as seen from the road."""
        start, step = (z, long) if x < 0 else (z + long, -long)
        self.add(texture, (x, top, start), (0, 0, step), (0, high, 0), label, **options)
