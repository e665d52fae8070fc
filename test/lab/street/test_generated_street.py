"""The generated street is the same every time, moves as a real drive, and knows what it shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.lab.street import CLASSES, GeneratedStreet
from mininet_ros.lab.street.camera import projection
from mininet_ros.lab.street.sensor import pose_at
from mininet_ros.sequences import SequenceError

VOID = 255
ROAD, SIGN = CLASSES.index("Road"), CLASSES.index("SignSymbol")


@pytest.fixture(scope="module")
def street() -> GeneratedStreet:
    return GeneratedStreet(seed=3, width=320, height=240)


@pytest.fixture(scope="module")
def drive(street):
    """Every tenth frame with its truth."""
    return [street.render(index) for index in range(0, street.length, 10)]


def test_same_seed_same_drive(street):
    other = GeneratedStreet(seed=3, width=320, height=240)
    for index in (250, 0, 47):
        (frame, truth), (again, truth_again) = street.render(index), other.render(index)
        assert (frame.image == again.image).all()
        assert (truth.labels == truth_again.labels).all()
        assert (truth.instances == truth_again.instances).all()
        assert frame.stamp_ns == again.stamp_ns


def test_other_seed_other_street(street):
    other = GeneratedStreet(seed=4, width=320, height=240)
    labels, other_labels = street.render(30)[1].labels, other.render(30)[1].labels
    assert (labels != other_labels).mean() > 0.05


def test_iteration_restarts_and_equals_random_access(street):
    frames = iter(street)
    first, second = next(frames), next(frames)
    again = next(iter(street))
    assert (first.image == again.image).all()
    assert (second.image == street.render(1)[0].image).all()
    assert (first.name, first.stamp_ns) == ("frame_000000", 0)
    assert second.stamp_ns == 66_666_667


def test_length_is_that_of_the_iteration():
    short = GeneratedStreet(width=64, height=48, rate_hz=8, duration_s=1)
    stamps = [frame.stamp_ns for frame in short]
    assert stamps == [125_000_000 * index for index in range(8)]
    assert short.length == 8


def test_shapes_and_types(street, drive):
    for frame, truth in drive:
        assert frame.image.shape == (street.height, street.width, 3)
        assert frame.image.dtype == truth.labels.dtype == np.uint8
        assert truth.labels.shape == truth.instances.shape == frame.image.shape[:2]
        assert truth.instances.dtype == np.uint16


def test_every_class_appears_and_nothing_is_left_unpainted(drive):
    counts = np.zeros(256, int)
    for _, truth in drive:
        counts += np.bincount(truth.labels.ravel(), minlength=256)
    assert set(np.flatnonzero(counts)) == {*range(len(CLASSES)), VOID}
    assert counts[VOID] < 0.01 * counts.sum()
    assert counts[ROAD] > 0.2 * counts.sum()


def test_sign_instances_are_the_sign_class(drive):
    for _, truth in drive:
        assert ((truth.instances > 0) == (truth.labels == SIGN)).all()
        assert {sign.number for sign in truth.signs} == set(np.unique(truth.instances)) - {0}


def test_whole_signs_fill_their_outline(street, drive):
    whole = [(truth, sign) for _, truth in drive for sign in truth.signs if sign.whole]
    boards = [
        (truth, sign) for truth, sign in whole if sign.text != "!"
    ]  # a triangle's tip is thin
    assert len(boards) > 20
    for truth, sign in boards:
        assert sign.text
        assert (sign.corners >= -0.5).all()
        assert (sign.corners <= (street.width - 0.5, street.height - 0.5)).all()
        rows, columns = np.nonzero(truth.instances == sign.number)
        left, top = sign.corners.min(axis=0)
        right, bottom = sign.corners.max(axis=0)
        # Whatever hides a strip of up to 5 % leaves a sign whole.
        wide, high = 1.6 + 0.06 * (right - left), 1.6 + 0.06 * (bottom - top)
        assert abs(columns.min() - left) < wide
        assert abs(columns.max() - right) < wide
        assert abs(rows.min() - top) < high
        assert abs(rows.max() - bottom) < high


def test_cut_signs_are_not_whole(street, drive):
    right, bottom = street.width - 0.5, street.height - 0.5
    picture = np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]], np.float32)
    cut = 0
    for sign in (sign for _, truth in drive for sign in truth.signs):
        outline = sign.corners.astype(np.float32)
        inside = cv2.intersectConvexConvex(outline, picture)[0] / cv2.contourArea(outline)
        if inside < 0.99:
            cut += 1
            assert not sign.whole
            assert sign.visible < inside + 0.1
    assert cut > 10


def test_signs_enter_and_leave(street, drive):
    seen = [{sign.number for sign in truth.signs if sign.whole} for _, truth in drive]
    assert all(seen)
    assert len(set().union(*seen)) > 2 * max(len(numbers) for numbers in seen)
    assert not seen[0] & seen[-1]


def test_light_and_shake_show_in_the_picture(drive):
    def mean_of(values):
        return float(np.mean(values))

    def sharpness(image):
        return cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var()

    dark = [frame.image.mean() for frame, truth in drive if truth.light < 0.5]
    plain = [frame.image.mean() for frame, truth in drive if truth.light == 1]
    bright = [frame.image.mean() for frame, truth in drive if truth.light > 2]
    assert dark and bright
    assert max(dark) < 0.6 * min(plain)
    assert min(bright) > 1.3 * max(plain)
    still = [frame for frame, truth in drive if truth.light == 1 and truth.shake == 0]
    shaken = [frame for frame, truth in drive if truth.light == 1 and truth.shake == 1]
    assert shaken
    assert mean_of([sharpness(frame.image) for frame in shaken]) < 0.5 * mean_of(
        [sharpness(frame.image) for frame in still]
    )


def tracked(first: np.ndarray, second: np.ndarray, mask: np.ndarray):
    """Corners of the first picture under the mask and where Lucas-Kanade finds them again."""
    grey = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in (first, second)]
    points = cv2.goodFeaturesToTrack(grey[0], 400, 0.003, 5, mask=mask.astype(np.uint8))
    found, there, _ = cv2.calcOpticalFlowPyrLK(*grey, points, None, winSize=(21, 21))
    back, here, _ = cv2.calcOpticalFlowPyrLK(*grey[::-1], found, None, winSize=(21, 21))
    stable = np.linalg.norm(back - points, axis=2)[:, 0] < 0.5
    kept = (there[:, 0] == 1) & (here[:, 0] == 1) & stable
    return points[kept, 0], found[kept, 0]


def test_road_moves_as_a_plane_under_the_camera():
    street = GeneratedStreet(seed=1)
    index = 24  # plain light, no shake
    (frame, truth), (following, _) = street.render(index), street.render(index + 1)
    assert truth.light == 1
    assert truth.shake == 0
    start, end = tracked(frame.image, following.image, truth.labels == ROAD)
    assert len(start) > 100
    views = [
        projection(street.camera_matrix, pose_at(at / street.rate_hz)) for at in (index, index + 1)
    ]
    # A view of the ground plane y = 0 keeps the columns of x, z and 1.
    first, second = (view[:, [0, 2, 3]] for view in views)
    expected = cv2.perspectiveTransform(
        start[None].astype(np.float64), second @ np.linalg.inv(first)
    )[0]
    error = end - expected
    assert np.median(np.linalg.norm(expected - start, axis=1)) > 5
    assert np.median(np.linalg.norm(error, axis=1)) < 0.6
    assert np.abs(np.median(error, axis=0)).max() < 0.1


def test_houses_move_outwards(street):
    frame, truth = street.render(110)
    houses = truth.labels == CLASSES.index("Building")
    start, end = tracked(frame.image, street.render(111)[0].image, houses)
    assert len(start) > 60
    pose, following = pose_at(110 / street.rate_hz), pose_at(111 / street.rate_hz)
    way = np.array([following.x - pose.x, following.y - pose.y, following.z - pose.z])
    ahead = projection(street.camera_matrix, pose)[:, :3] @ way
    expansion = ahead[:2] / ahead[2]
    outwards = ((end - start) * (start - expansion)).sum(axis=1) > 0
    assert outwards.mean() > 0.85


def test_size_and_rate_change_neither_street_nor_drive(street):
    large = GeneratedStreet(seed=3, width=640, height=480, rate_hz=30)
    labels = large.render(120)[1].labels[::2, ::2]
    assert (labels == street.render(60)[1].labels).mean() > 0.95
    assert large.render(120)[0].stamp_ns == street.render(60)[0].stamp_ns
    assert large.camera_matrix[0, 0] == pytest.approx(2 * street.camera_matrix[0, 0])


def test_frame_out_of_range(street):
    for index in (-1, street.length):
        with pytest.raises(IndexError, match=f"frame {index} of a generated sequence of 300"):
            street.render(index)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 8}, "8x480 is too small; ask for at least 16x16"),
        ({"rate_hz": 0}, "must be positive"),
        ({"duration_s": -1}, "must be positive"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(SequenceError, match=message):
        GeneratedStreet(**options)


def test_the_same_drive_at_another_width():
    street = GeneratedStreet(seed=3, width=160, height=120, rate_hz=5.0, duration_s=2.0)
    wide = street.at_width(320)
    assert (wide.width, wide.height, wide.length, wide.rate_hz) == (320, 240, 10, 5.0)
    one, other = (drive.render(4)[1] for drive in (street, wide))
    assert np.mean(one.labels == other.labels[::2, ::2]) > 0.95
