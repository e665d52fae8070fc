"""Points of a drawn room whose geometry is known."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.clouds import POINT, CloudError, Intrinsics, LabelledCloud, depth_in_metres

WIDTH, HEIGHT = 64, 48
CAMERA = Intrinsics(50.0, 52.0, 31.5, 23.5)
FLOOR, WALL, VOID = 1, 2, 255
CAMERA_HEIGHT, WALL_DISTANCE = 1.2, 4.0


def room():
    """Depth (float32, metres) and mask of a floor that meets a wall, seen straight on."""
    rows = np.arange(HEIGHT)[:, None]
    down = (rows - CAMERA.cy) / CAMERA.fy + np.zeros((1, WIDTH))
    with np.errstate(divide="ignore"):
        floor = np.where(down > 0, CAMERA_HEIGHT / down, np.inf)
    depth = np.minimum(floor, WALL_DISTANCE).astype(np.float32)
    mask = np.where(floor < WALL_DISTANCE, FLOOR, WALL).astype(np.uint8)
    return depth, mask


def test_points_of_the_room_lie_where_the_room_is():
    depth, mask = room()
    mask[:4] = VOID
    cloud = LabelledCloud().points(depth, CAMERA, mask, np.full((HEIGHT, WIDTH), 77, np.uint8))
    assert len(cloud) == WIDTH * HEIGHT
    floor, wall = cloud[cloud["label"] == FLOOR], cloud[cloud["label"] == WALL]
    assert np.allclose(floor["y"], CAMERA_HEIGHT, atol=1e-5)
    assert np.allclose(wall["z"], WALL_DISTANCE, atol=1e-5)
    assert (cloud["label"] == VOID).sum() == 4 * WIDTH and (cloud["confidence"] == 77).all()
    # The outermost columns of the wall, half the picture minus half a pixel away from its middle.
    edge = WALL_DISTANCE * 31.5 / 50.0
    assert np.isclose(wall["x"].min(), -edge) and np.isclose(wall["x"].max(), edge)


def test_projected_points_fall_on_their_pixels():
    depth, mask = room()
    cloud = LabelledCloud(step=3).points(depth, CAMERA, mask)
    u = CAMERA.fx * cloud["x"] / cloud["z"] + CAMERA.cx
    v = CAMERA.fy * cloud["y"] / cloud["z"] + CAMERA.cy
    assert np.allclose(u, np.rint(u), atol=1e-3) and np.allclose(v, np.rint(v), atol=1e-3)
    columns, rows = np.rint(u).astype(int), np.rint(v).astype(int)
    assert (columns % 3 == 0).all() and (rows % 3 == 0).all() and len(cloud) == 22 * 16
    assert (mask[rows, columns] == cloud["label"]).all()


def test_classes_range_and_unmeasured_depths_choose_the_points():
    depth, mask = room()
    depth[0, :5] = (0, np.nan, np.inf, -np.inf, -1)
    assert len(LabelledCloud().points(depth, CAMERA, mask)) == depth.size - 5
    floor = LabelledCloud(classes=[FLOOR]).points(depth, CAMERA, mask)
    assert set(floor["label"]) == {FLOOR} and len(floor) == (mask == FLOOR).sum()
    near = LabelledCloud(nearest=3.0, farthest=3.5).points(depth, CAMERA, mask)
    assert len(near) and near["z"].min() > 3.0 and near["z"].max() <= 3.5
    assert not len(LabelledCloud(classes=[9]).points(depth, CAMERA, mask))


def test_colours_are_packed_blue_first():
    depth, mask = room()
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:] = (1, 2, 3)
    cloud = LabelledCloud().points(depth, CAMERA, mask, image=image)
    assert set(cloud["rgb"]) == {0x030201}
    assert set(LabelledCloud().points(depth, CAMERA, mask)["rgb"]) == {0xFFFFFF}


def test_mask_of_another_size_gives_each_point_its_nearest_pixel():
    depth, _ = room()
    small = np.zeros((HEIGHT // 4, WIDTH // 4), np.uint8)
    small[:, WIDTH // 8 :] = 5
    cloud = LabelledCloud().points(depth, CAMERA, small)
    assert (cloud["label"] == np.where(cloud["x"] > 0, 5, 0)).all()
    with pytest.raises(CloudError, match="same aspect ratio"):
        LabelledCloud().points(depth, CAMERA, np.zeros((HEIGHT, HEIGHT), np.uint8))


def test_depth_in_both_encodings():
    millimetres = np.array([[0, 1500]], np.uint16)
    assert depth_in_metres(millimetres).tolist() == [[0.0, pytest.approx(1.5)]]
    metres = np.array([[0, 1.5]], np.float32)
    assert depth_in_metres(metres) is metres
    with pytest.raises(CloudError, match="16UC1 or 32FC1"):
        depth_in_metres(metres.astype(np.uint8))


@pytest.mark.parametrize(
    "wrong",
    [{"nearest": 2.0, "farthest": 1.0}, {"nearest": -1.0}, {"farthest": np.nan}, {"step": 0}],
)
def test_impossible_settings(wrong):
    with pytest.raises(CloudError):
        LabelledCloud(**wrong)


@pytest.mark.parametrize("fx", [0.0, -1.0, np.nan])
def test_camera_that_is_not_calibrated(fx):
    with pytest.raises(CloudError, match="not calibrated"):
        Intrinsics(fx, 1.0, 0.0, 0.0)


def test_a_point_has_the_layout_that_viewers_read():
    assert POINT.itemsize == 20
    assert [POINT.fields[name][1] for name in POINT.names] == [0, 4, 8, 12, 16, 17]


@pytest.mark.parametrize("kind", [np.float32, np.uint16])
@pytest.mark.parametrize(("inverse", "kept"), [(False, FLOOR), (True, WALL)])
def test_depth_is_unknown_where_a_class_is_not_kept(kind, inverse, kept):
    depth, mask = room()
    depth = (1000 * depth).astype(kind)
    before = depth.copy()
    masked = LabelledCloud([FLOOR], inverse=inverse).masked_depth(depth, mask)
    assert masked.dtype == kind and (depth == before).all()
    assert (masked[mask == kept] == depth[mask == kept]).all()
    assert (masked[mask != kept] == 0).all() and masked.any()


def test_a_smaller_mask_masks_a_depth_image_and_one_that_does_not_fit_is_refused():
    depth, mask = room()
    masked = LabelledCloud([WALL]).masked_depth(depth, mask[::2, ::2])
    assert masked.shape == depth.shape and masked.any() and (masked == 0).any()
    with pytest.raises(CloudError, match="same aspect ratio"):
        LabelledCloud([WALL]).masked_depth(depth, mask[:, ::2])


def test_the_inverse_keeps_points_without_a_label():
    depth, mask = room()
    mask[:4] = VOID
    cloud = LabelledCloud([WALL], inverse=True).points(depth, CAMERA, mask)
    assert set(cloud["label"]) == {FLOOR, VOID}
