"""Builds the two rows of houses of the generated street, with signs, gaps and shadows."""

from __future__ import annotations

import numpy as np

from mininet_ros.lab.street import facades, figures, signs
from mininet_ros.lab.street.camera import Texture
from mininet_ros.lab.street.stage import (
    BUILDING,
    FENCE,
    FRONT_X,
    KERB_Y,
    LIGHT,
    SHADOWS,
    SIGN,
    TREE,
    Stage,
)

_DEPTH = 6.8  # length of a house from front to back, m
_SHADOW_REACH = 0.62  # length of a shadow divided by the height of the house


class HouseRow:
    """Builds one side of the street.

    Args:
        stage: stage that the surfaces are added to.
        rng: random generator of the layout.
        side: side of the street, -1 for left, 1 for right.
        trees: textures for the trees in the gaps between houses.
    """

    def __init__(
        self, stage: Stage, rng: np.random.Generator, side: int, trees: list[Texture]
    ) -> None:
        self._stage, self._rng, self._side, self._trees = stage, rng, side, trees
        self._names: list[str] = []
        self._hidden = (0.0, 0.0)  # height and front, m, of the house before the next gable
        self._shadow = figures.house_shadow()
        self._barriers = (
            (figures.railing(), 1.2, FENCE),
            (figures.planks(rng), 1.7, FENCE),
            (figures.hedge(rng), 1.5, TREE),
        )

    def build(self, start: float, end: float) -> None:
        """Build the houses between two positions along the street, m."""
        z = start + self._rng.uniform(0, 4)
        while z < end:
            if self._rng.random() < 0.24:
                gap = self._rng.uniform(6, 12)
                self._plant_gap(z, gap)
                z += gap
                self._hidden = (0.0, 0.0)
            width = self._rng.uniform(7.5, 13.0)
            self._build_house(z, width)
            z += width

    def _build_house(self, z: float, width: float) -> None:
        rng, stage, side = self._rng, self._stage, self._side
        storeys = int(rng.choice([2, 2, 3, 3, 4]))
        color = facades.WALL_COLORS[int(rng.integers(len(facades.WALL_COLORS)))]
        shop = bool(rng.random() < 0.55)
        front = FRONT_X + float(rng.choice([0.0, 0.0, 0.35]))
        wall = storeys * facades.STOREY
        face = facades.facade(rng, width, storeys, color, LIGHT[side], shop)
        stage.along(face, side * front, KERB_Y - wall, z, width, wall, BUILDING, sort_far=True)
        ridge = rng.uniform(1.8, 2.6) if rng.random() < 0.7 else 0.05
        if wall + ridge > self._hidden[0] or front < self._hidden[1]:
            gable = facades.gable(rng, _DEPTH, wall, ridge, color)
            middle = side * (front + _DEPTH / 2)
            stage.facing(gable, middle, KERB_Y, z, _DEPTH, wall + ridge, BUILDING)
        self._hidden = (wall, front)
        if ridge > 1:
            self._cover(z, width, front, wall, ridge)
        if shop:
            self._name_shop(z, width, front)
        if rng.random() < 0.4:
            text = str(rng.choice(signs.HANGING_TEXTS))
            at = z + rng.uniform(1, width - 1)
            stage.facing(
                signs.hanging(rng, text), side * (front - 0.55), -3.25, at, 0.95, 0.7, SIGN,
                text=text,
            )  # fmt: skip
        if side == -1:
            reach = _SHADOW_REACH * (wall + 0.5 * ridge)
            stage.flat(self._shadow, (-front, 0, z + 1.5), reach, width, None, SHADOWS)

    def _cover(self, z: float, width: float, front: float, wall: float, ridge: float) -> None:
        """Add a pitched roof and a chimney."""
        rng, stage, side = self._rng, self._stage, self._side
        top = KERB_Y - wall - ridge
        back = side * (front + _DEPTH / 2)
        start, step = (z, width) if side == -1 else (z + width, -width)
        slates = facades.roof(rng, width, float(np.hypot(_DEPTH / 2, ridge)), LIGHT[side])
        stage.add(
            slates, (back, top, start), (0, 0, step), (-side * _DEPTH / 2, ridge, 0), BUILDING,
            sort_far=True,
        )  # fmt: skip
        color = facades.WALL_COLORS[int(rng.integers(len(facades.WALL_COLORS)))]
        stack = facades.gable(rng, 0.9, 1.5, 0.02, color)
        stage.facing(stack, back, top + 0.5, z + 0.6, 0.9, 1.5, BUILDING)

    def _name_shop(self, z: float, width: float, front: float) -> None:
        rng = self._rng
        if not self._names:
            self._names = [str(name) for name in rng.permutation(signs.SHOP_NAMES)]
        text = self._names.pop()
        span = width - rng.uniform(0.8, 2.5)
        self._stage.along(
            signs.fascia(rng, text, span), self._side * (front - 0.06), KERB_Y - 3.02,
            z + (width - span) / 2, span, 0.62, SIGN, sort_far=True, bias=0.02, text=text,
        )  # fmt: skip

    def _plant_gap(self, z: float, gap: float) -> None:
        rng, stage = self._rng, self._stage
        for _ in range(int(gap / 2.5)):
            texture = self._trees[int(rng.integers(len(self._trees)))]
            scale = rng.uniform(0.85, 1.2)
            stage.facing(
                texture, self._side * (FRONT_X + rng.uniform(2.2, 6)), KERB_Y,
                z + rng.uniform(1, gap - 0.5), 5.0 * scale, 7.5 * scale, TREE,
            )  # fmt: skip
        texture, high, label = self._barriers[int(rng.integers(3))]
        panels = max(1, round(gap / 4))
        for index in range(panels):
            stage.along(
                texture, self._side * (FRONT_X - 0.1), KERB_Y - high, z + index * gap / panels,
                gap / panels, high, label, bias=0.03,
            )  # fmt: skip
