"""Nothing learns from the images that are for measuring alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

from real_data import real_data
from tiny_camvid import write_camvid
from training_rig import HEIGHT, WIDTH, splits

from mininet_ros import cli
from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset
from mininet_ros.lab.training.data.datasets.held_out import held_out_split, refuse_held_out
from mininet_ros.lab.training.distillation import WithUnlabelled


@pytest.mark.parametrize(
    ("path", "is_held_out"),
    [
        ("train/0001TP_008520.png", False),
        ("train/0001TP_008550.png", True),
        ("more/0001TP_010380_L.png", True),
        ("more/Seq05VD_f00000.png", True),
        ("more/seq05vd_f05100.JPG", True),
        ("train/0006R0_f00930.png", False),
        ("train/0016E5_08550.png", False),
        ("icdar2015/train/images/img_12.jpg", False),
        ("icdar2015/test/images/img_12.jpg", True),
        ("ch4_test_images/img_12.jpg", True),
        ("all/ts_img_12.jpg", True),
        ("all/tr_img_12.jpg", False),
        ("test/me/train/images/img_12.jpg", False),
        ("test/images/street_12.jpg", False),
        ("latest/images/img_12.jpg", False),
    ],
)
def test_test_images_are_known_by_their_names(path, is_held_out):
    assert (held_out_split(Path(path)) is not None) == is_held_out


def test_a_training_that_would_learn_from_one_is_refused(tmp_path, capsys):
    root = write_camvid(tmp_path, WIDTH, HEIGHT)
    for folder in ("train", "trainannot"):
        (root / folder / "0003.png").rename(root / folder / "Seq05VD_f00030.png")
    status = cli.main(
        f"train --dataset camvid --data {root} --network mininet_v2_cpu --input-size 64x48 "
        f"--epochs 1 --output {tmp_path / 'out'}".split()
    )
    assert status == 1
    error = capsys.readouterr().err
    assert "Seq05VD_f00030.png is an image of CamVid's test split" in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_unlabelled_pictures_are_looked_at_too(tmp_path):
    root = write_camvid(tmp_path / "camvid", WIDTH, HEIGHT)
    more = tmp_path / "more"
    more.mkdir()
    cv2.imwrite(str(more / "0001TP_009000.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(DatasetError, match=r"0001TP_009000.*for measuring alone"):
        WithUnlabelled(splits(root)[0], [more])


@pytest.mark.parametrize("name", ["camvid", "icdar2015"])
def test_the_real_training_splits_hold_none(name):
    root = real_data(f"data/{name}")
    for split in ("train", "val"):
        refuse_held_out(path for path, _ in open_dataset(name, root, split).pairs)
