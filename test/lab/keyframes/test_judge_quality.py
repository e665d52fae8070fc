"""``select-keyframes --judge-quality``: pairs won on the half that no constant was chosen on."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from real_data import real_data

from mininet_ros import cli
from mininet_ros.keyframes.cues.quality import measure_quality
from mininet_ros.lab.keyframes.degradation import DEGRADATIONS, pairs_won
from mininet_ros.lab.keyframes.quality_pairs import reporting_half


def run(capsys, *arguments):
    status = cli.main(["select-keyframes", *map(str, arguments), "--judge-quality"])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def photos(tmp_path):
    generator = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("drive_2", "drive_9", "drive_10", "walk_1", "walk_2"):
        noise = generator.uniform(0, 255, (12, 16, 3)).astype(np.float32)
        image = cv2.resize(noise, (160, 120), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{name}.png"), np.clip(image, 0, 255).astype(np.uint8))
    return folder


def test_the_later_half_of_each_series_is_reported():
    names = ["b_2", "b_10", "b_9", "a_1", "a_3", "a_2", "single"]
    half = reporting_half([Path(f"{name}.png") for name in names])
    assert [path.stem for path in half] == ["a_2", "a_3", "b_9", "b_10", "single"]


def test_shares_are_tabulated_and_written(capsys, photos, tmp_path):
    status, out, err = run(capsys, photos, "--output", tmp_path / "out", "--json")
    assert status == 0, err
    results = json.loads(out)
    assert results["photos"] == 3
    assert list(results["pairs_won"]) == [degradation.name for degradation in DEGRADATIONS]
    images = [cv2.imread(str(photos / f"{name}.png")) for name in ("drive_9", "drive_10", "walk_2")]
    assert results["pairs_won"] == pairs_won(images, lambda image: measure_quality(image).quality)
    assert json.loads((tmp_path / "out" / "quality.json").read_text()) == results
    _, out, _ = run(capsys, photos, "--output", tmp_path / "out")
    assert out.startswith("3 photos, the later half of each series in")
    assert "darker 1ev" in out and "motion blur 15px 90deg" in out


def test_a_folder_of_photos_is_needed(capsys, photos, tmp_path):
    for wrong in (tmp_path / "nowhere", photos / "walk_1.png", tmp_path):
        status, _, err = run(capsys, wrong, "--output", tmp_path / "out")
        assert status == 1 and f"{wrong} is no folder of at least two images" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("folder", "every"), [("data/icdar2015/train/images", 20), ("data/camvid/train", 3)]
)
def test_real_photos_win_against_their_degraded_copies(folder: str, every: int) -> None:
    """A sample of what the command reports on all of them."""
    paths = reporting_half(sorted(real_data(folder).iterdir()))[::every]
    images = (cv2.imread(str(path)) for path in paths)
    shares = pairs_won(images, lambda image: measure_quality(image).quality)
    assert not {name: share for name, share in shares.items() if share < 0.95}
