"""`select-keyframes --benchmark --reconstruct`: COLMAP's maps, found frames and true positions."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from mininet_ros import cli
from mininet_ros.lab.keyframes.reconstruction import colmap, judge
from mininet_ros.lab.keyframes.reconstruction.colmap import Map
from mininet_ros.lab.keyframes.reconstruction.poses import PoseError, read_positions
from mininet_ros.lab.street import GeneratedStreet

STAMPS = [10**9 * second for second in (1, 2, 3)]


def test_positions_of_kitti(tmp_path):
    path = tmp_path / "poses.txt"
    rows = np.arange(4 * 12).reshape(4, 12)
    path.write_text("\n".join(" ".join(map(str, row)) for row in rows))
    np.testing.assert_array_equal(read_positions(path, STAMPS), rows[:3, [3, 7, 11]])
    with pytest.raises(PoseError, match="has 4 poses for 5 frames"):
        read_positions(path, range(5))


def test_positions_of_tum_by_the_nearest_stamp(tmp_path):
    path = tmp_path / "poses.txt"
    path.write_text("# stamp\n1.01 1 2 3 0 0 0 1\n1.4 9 9 9 0 0 0 1\n2.96 4 5 6 0 0 0 1\n")
    positions = read_positions(path, STAMPS)
    np.testing.assert_array_equal(positions[[0, 2]], [[1, 2, 3], [4, 5, 6]])
    assert np.isnan(positions[1]).all()
    with pytest.raises(PoseError, match="the poses run from 1.010 s to 2.960 s, the frames from"):
        read_positions(path, [10**12])


@pytest.mark.parametrize("text", ["", "1 2 3\n", "a b\n", "1 2\n1 2 3\n"])
def test_other_files_are_no_poses(tmp_path, text):
    path = tmp_path / "poses.txt"
    path.write_text(text)
    with pytest.raises(PoseError, match="poses"):
        read_positions(path, STAMPS)


def test_held_out_frames_are_nobodys_and_clean():
    ways = {"ours": [0, 4], "every_n": [2, 6]}
    bad = [index == 3 for index in range(8)]
    assert judge._held_out(ways, bad) == [1, 5, 7]
    assert judge._held_out({"ours": range(8)}, bad) == []


def test_errors_are_those_of_the_map_laid_over_the_truth(monkeypatch):
    pytest.importorskip("pycolmap", reason="the judge is COLMAP")
    true = np.random.default_rng(0).normal(size=(6, 3)) * 10
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    own = 0.1 * true @ turn.T + 5.0
    monkeypatch.setattr(Map, "positions", lambda self: own[:4])
    built = Map(object(), (0, 1, 2, 3), 10, 0.5)
    off = own[5] + [0.2, 0.0, 0.0]  # 2 m
    figures = judge._figures(built, 5, [4, 5], {4: own[4], 5: off}, true)
    assert figures["registered %"] == 80.0 and figures["found %"] == 100.0
    assert figures["trajectory error m"] == pytest.approx(0.0, abs=1e-3)
    assert figures["found within 1 m %"] == 50.0


def test_without_pycolmap_one_sentence_says_how_to_get_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    arguments = ["select-keyframes", "generated", "--benchmark", "--reconstruct"]
    assert cli.main([*arguments, "--output", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert "pip install 'pycolmap>=" in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_drawn_street_can_be_mapped(monkeypatch, tmp_path):
    pytest.importorskip("pycolmap", reason="the judge is COLMAP")
    monkeypatch.setattr(colmap, "STARTS", 1)
    street = GeneratedStreet(duration_s=2.0)
    images = [street.render(index)[0].image for index in range(0, 30, 2)]
    mapper = colmap.Mapper(tmp_path / "colmap", images, street.camera_matrix)
    built = mapper.build([0, 3, 6, 9, 12])
    assert built.registered == (0, 3, 6, 9, 12)
    assert built.points > 100 and built.error_px < 1.0
    found = mapper.locate(built, [4, 7])
    true = np.array([street.position(2 * index) for index in range(15)])
    figures = judge._figures(built, 5, [4, 7], found, true)
    assert figures["trajectory error m"] < 0.2 and figures["found within 1 m %"] == 100.0
    dark = [np.zeros_like(images[0])] * 3
    empty = colmap.Mapper(tmp_path / "dark", dark, None).build([0, 1, 2])
    assert (empty.registered, empty.points, empty.error_px) == ((), 0, None)


class FakeMapper:
    """Maps every frame it is given where it truly is."""

    def __init__(self, folder, images, camera_matrix):
        assert camera_matrix.tolist() == [[500, 0, 300], [0, 510, 200], [0, 0, 1]]

    def build(self, frames):
        return Map(None, tuple(frames), 10, 0.5)

    def locate(self, map_, frames):
        return dict.fromkeys(frames, np.zeros(3))


def test_all_ways_are_judged_at_the_same_number(capsys, monkeypatch, tmp_path):
    pytest.importorskip("pycolmap", reason="the judge is COLMAP")
    monkeypatch.setattr(judge, "Mapper", FakeMapper)
    monkeypatch.setattr(Map, "positions", lambda self: np.eye(len(self.registered), 3))
    arguments = ["select-keyframes", "generated", "--frames", "60", "--classes", "--benchmark"]
    arguments += ["--reconstruct", "--output", str(tmp_path), "--camera", "500,510,300,200"]
    assert cli.main([*arguments, "--json"]) == 0
    (trial,) = json.loads(capsys.readouterr().out)["trials"]
    ways = ["ours", "every n", "sharpest of window", "grid with veto", "exact"]
    rows = [(row["drive"], row["selector"]) for row in trial["rows"]]
    assert rows == [(drive, way) for drive in ("clean", "degraded") for way in ways]
    for row in trial["rows"]:
        assert row["registered %"] == row["found %"] == 100.0
    for drive in ("clean", "degraded"):
        assert len({row["frames"] for row in trial["rows"] if row["drive"] == drive}) == 1


@pytest.mark.parametrize("camera", ["500", "a,b,c,d", "0,500,1,1", "1,2,3,4,5"])
def test_wrong_intrinsics_end_with_status_two(camera):
    arguments = ["select-keyframes", "generated", "--benchmark", "--reconstruct", "--output", "x"]
    with pytest.raises(SystemExit) as end:
        cli.main([*arguments, "--camera", camera])
    assert end.value.code == 2
