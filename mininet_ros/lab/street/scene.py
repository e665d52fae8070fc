"""Lays out the generated street: ground, houses, street furniture, cars and people."""

from __future__ import annotations

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.street import cars, figures, ground, signs
from mininet_ros.lab.street.camera import Texture
from mininet_ros.lab.street.canvas import FAR, Scenery
from mininet_ros.lab.street.houses import HouseRow
from mininet_ros.lab.street.stage import (
    BACKDROP,
    BICYCLIST,
    CAMERA_X,
    CAR,
    FRONT_X,
    GROUND,
    KERB,
    KERB_X,
    KERB_Y,
    PEDESTRIAN,
    POLE,
    ROAD,
    ROADWAY,
    SHADOWS,
    SIDEWALK,
    SIGN,
    SKY,
    TREE,
    Stage,
)


class Street:
    """Everything that is visible along a section of street.

    Args:
        seed: seed of the random layout; the same seed gives the same street.
        length: distance that the camera drives, m.

    Attributes:
        scenery: all surfaces, ready to be drawn.
        signs: all signs by their number.
    """

    def __init__(self, seed: int, length: float) -> None:
        self._rng = np.random.default_rng(seed)
        self._stage = Stage()
        self._end = length + FAR + 8
        self._trees = [figures.tree(self._rng, conifer=index == 5) for index in range(6)]
        self._walkers = [figures.pedestrian(self._rng) for _ in range(8)]
        self._cars = [cars.Car(color) for color in cars.COLORS]
        self._shadow = figures.shadow()
        self._hang_backdrop()
        self._lay_ground()
        for side in (-1, 1):
            HouseRow(self._stage, self._rng, side, self._trees).build(-8.0, self._end)
            self._furnish_pavement(side)
            self._park_cars(side)
            self._walk_people(side)
        self._drive_traffic(length)
        self.scenery = Scenery(self._stage.quads)
        self.signs = self._stage.signs

    def _hang_backdrop(self) -> None:
        sky, trees = ground.sky(self._rng), ground.distance(self._rng)
        far = FAR - 2
        options = {"layer": BACKDROP, "follows": True}
        self._stage.facing(sky, 0, 3, far, 230, 84, SKY, **options)
        for middle in (-48, 0, 48):
            self._stage.facing(trees, middle, 0, far, 48, 12, TREE, **options)

    def _lay_ground(self) -> None:
        rng, stage, period = self._rng, self._stage, ground.PERIOD
        lanes = ground.road(rng, 2 * KERB_X, KERB_X + 0.2)
        width = FRONT_X - KERB_X
        slabs = {side: ground.pavement(rng, width, side == 1) for side in (-1, 1)}
        stones, lawn = ground.kerb(rng), ground.grass(rng)
        for z in np.arange(-period, self._end, period).tolist():
            stage.flat(lanes, (-KERB_X, 0, z), 2 * KERB_X, period, ROAD, ROADWAY)
            for side in (-1, 1):
                stage.along(stones, side * KERB_X, KERB_Y, z, period, -KERB_Y, SIDEWALK, layer=KERB)
                inner = KERB_X if side == 1 else -FRONT_X
                stage.flat(slabs[side], (inner, KERB_Y, z), width, period, SIDEWALK, GROUND)
                outer = FRONT_X if side == 1 else -FRONT_X - 16
                stage.flat(lawn, (outer, KERB_Y, z), 16, period, TREE, GROUND)

    def _furnish_pavement(self, side: int) -> None:
        rng, stage = self._rng, self._stage
        lamp, basket = figures.lamp_post(-side), figures.litter_bin(rng)
        for z in np.arange(9.0 if side == 1 else 22.0, self._end, 27.0).tolist():
            stage.facing(lamp, side * (KERB_X + 0.5), KERB_Y, z, 1.6, 6.5, POLE)
        for z in np.arange(14.0, self._end, 19.0).tolist():
            if rng.random() < 0.32:
                texture = self._trees[int(rng.integers(len(self._trees)))]
                size, at = rng.uniform(0.8, 1.1), z + rng.uniform(-2, 2)
                x = side * (KERB_X + 1.3)
                stage.facing(texture, x, KERB_Y, at, 5.0 * size, 7.5 * size, TREE)
        for z in np.arange(17.0, self._end, 31.0).tolist():
            at = z + rng.uniform(-4, 4)
            stage.facing(basket, side * (KERB_X + 0.9), KERB_Y, at, 0.55, 1.0, IGNORE_LABEL)
        for index, z in enumerate(np.arange(8.0 + 5 * (side == 1), self._end, 13.0).tolist()):
            self._post_sign(side, z + rng.uniform(-2.5, 2.5), index)

    def _post_sign(self, side: int, z: float, index: int) -> None:
        rng = self._rng
        kind = (index + (side == 1)) % 3
        if kind < 2:
            lines = signs.BOARD_TEXTS[int(rng.integers(len(signs.BOARD_TEXTS)))]
            texture, text, wide, high = signs.board(rng, lines), " ".join(lines), 1.3, 0.9
        elif rng.random() < 0.6:
            text = str(rng.choice(["20", "30", "40"]))
            texture, wide, high = signs.speed_limit(rng, text), 0.75, 0.75
        else:
            texture, text, wide, high = signs.warning(rng), "!", 0.9, 0.8
        x = side * (KERB_X + rng.uniform(0.5, 1.3))
        foot = KERB_Y - rng.uniform(1.9, 2.3)
        tall = KERB_Y - foot + 0.5 * high
        self._stage.facing(figures.post(tall), x, KERB_Y, z, 0.11, tall, POLE)
        self._stage.facing(texture, x, foot, z, wide, high, SIGN, bias=0.05, text=text)

    def _park_cars(self, side: int) -> None:
        rng = self._rng
        z = 6.0 + rng.uniform(0, 6)
        middle = side * (KERB_X - 0.15 - cars.WIDTH / 2)
        while z < self._end:
            for _ in range(int(rng.integers(1, 3))):
                self._place_car(middle, z, ahead=side == -1, speed=0.0)
                z += cars.LENGTH + rng.uniform(0.9, 1.8)
            z += rng.uniform(10, 28)

    def _place_car(self, x: float, z: float, ahead: bool, speed: float) -> None:
        """Place a car with its near end at ``z``; it faces away from the camera or towards it."""
        stage, car = self._stage, self._cars[int(self._rng.integers(len(self._cars)))]
        wide, long, high = cars.WIDTH, cars.LENGTH, cars.HEIGHT
        waist, lean = cars.WAIST, 0.2
        left = x - wide / 2
        stage.flat(
            self._shadow, (left - 0.25, 0, z - 0.3), wide + 0.5, long + 0.6, None, SHADOWS,
            speed=speed,
        )  # fmt: skip
        start, step = (z, long) if ahead else (z + long, -long)
        # Only the side towards the camera's lane is visible.
        edge, inward = (left, lean) if x > CAMERA_X else (left + wide, -lean)
        stage.add(
            car.glazing, (edge + inward, -high, start), (0, 0, step), (-inward, waist, 0), CAR,
            speed=speed,
        )  # fmt: skip
        stage.add(
            car.doors, (edge, waist - high, start), (0, 0, step), (0, high - waist, 0), CAR,
            speed=speed,
        )  # fmt: skip
        if ahead:
            stage.facing(car.rear, x, 0, z, wide, high, CAR, bias=0.1, speed=speed)
            return
        stage.add(
            car.windscreen, (left, -high, z + 1.95), (wide, 0, 0), (0, high - 0.92, -0.85), CAR,
            bias=0.1, speed=speed,
        )  # fmt: skip
        stage.add(
            car.bonnet, (left, -0.94, z + 1.1), (wide, 0, 0), (0, 0.12, -1.1), CAR,
            bias=0.12, speed=speed,
        )  # fmt: skip
        stage.facing(car.front, x, 0, z, wide, cars.BONNET, CAR, bias=0.2, speed=speed)

    def _walk_people(self, side: int) -> None:
        rng = self._rng
        for z in np.arange(4.0, self._end + 20, 9.0).tolist():
            x = side * rng.uniform(KERB_X + 1.2, FRONT_X - 0.6)
            at = z + rng.uniform(-4, 4)
            speed = float(rng.choice([-1.0, 1.0])) * rng.uniform(0.9, 1.5)
            for _ in range(int(rng.choice([1, 1, 1, 2]))):
                phases = self._walkers[int(rng.integers(len(self._walkers)))]
                high = 1.78 * rng.uniform(0.9, 1.06)
                self._place_person(phases, (x, KERB_Y, at), high, PEDESTRIAN, speed, 4.0)
                x += 0.7

    def _drive_traffic(self, length: float) -> None:
        rng = self._rng
        self._place_car(-0.9, 16.0, ahead=True, speed=5.6)
        for z in np.arange(55.0, 2.4 * length + FAR, 62.0).tolist():
            self._place_car(1.6, z + rng.uniform(-10, 10), ahead=False, speed=-6.5)
        for z in np.arange(17.0, length, 38.0).tolist():
            phases = figures.bicyclist(rng)
            self._place_person(phases, (-2.45, 0.0, z), 1.8, BICYCLIST, 4.6, 5.0)

    def _place_person(
        self,
        phases: tuple[Texture, ...],
        place: tuple[float, float, float],
        high: float,
        label: int,
        speed: float,
        cadence: float,
    ) -> None:
        x, foot, z = place
        self._stage.flat(
            self._shadow, (x - 0.35, foot, z - 0.3), 0.7, 0.6, None, SHADOWS, speed=speed
        )
        self._stage.facing(
            phases, x, foot, z, 0.5 * high, high, label, speed=speed, cadence=cadence
        )
