"""Datasets of label pictures in their official layouts: tiny trees that the tests make, and CamVid.

Those of text are in ``test_text_datasets.py``, the errors of CamVid's pairs in
``test_training.py``.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from real_data import real_data
from tiny_pictures import HEIGHT, WIDTH, grey, labels_of, write_picture, write_text

from mininet_ros import cli
from mininet_ros.images.class_tables import CAMVID, CITYSCAPES
from mininet_ros.lab.training.data.datasets import DATASETS, DatasetError, open_dataset
from mininet_ros.models import load_model


@pytest.fixture
def cityscapes(tmp_path):
    """Two fine images of train, one of val, two coarse ones of train_extra."""
    for kind, split, names in (
        ("gtFine", "train", ("aachen/aachen_000000_000019", "zurich/zurich_000000_000019")),
        ("gtFine", "val", ("lindau/lindau_000001_000019",)),
        ("gtCoarse", "train", ("aachen/aachen_000000_000019", "zurich/zurich_000000_000019")),
        ("gtCoarse", "train_extra", ("bayreuth/bayreuth_1", "bayreuth/bayreuth_2")),
    ):
        for name in names:
            write_picture(tmp_path / "leftImg8bit" / split / f"{name}_leftImg8bit.png", grey())
            labels = labels_of(*range(34)) if kind == "gtFine" else labels_of(7, 0, 21)
            stem = tmp_path / kind / split / f"{name}_{kind}"
            write_picture(stem.with_name(f"{stem.name}_labelIds.png"), labels)
            write_picture(stem.with_name(f"{stem.name}_color.png"), grey())
    return tmp_path


@pytest.fixture
def own(tmp_path):
    """Two classes, two images a split, one of them a JPEG."""
    write_text(
        tmp_path / "classes.yaml",
        "licence: CC0\nclasses: [{name: floor, color: [1, 2, 3]}, {name: box, color: [4, 5, 6]}]",
    )
    for split in ("train", "val"):
        for name in ("a.png", "b.JPG"):
            write_picture(tmp_path / split / "images" / name, grey())
            label_name = Path(name).with_suffix(".png").name
            write_picture(tmp_path / split / "labels" / label_name, labels_of(0, 1, 255))
    return tmp_path


def test_cityscapes_label_ids_become_train_ids(cityscapes):
    split = open_dataset("cityscapes", cityscapes, "train")
    assert [sample.name for sample in split] == [
        "aachen_000000_000019_leftImg8bit",
        "zurich_000000_000019_leftImg8bit",
    ]
    assert split.classes == CITYSCAPES
    stored = labels_of(*range(34)).ravel().tolist()
    found = dict(zip(stored, split[0].labels.ravel().tolist()))
    # The table of the benchmark: road, sidewalk, building, ..., bicycle.
    scored = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert [found[label] for label in scored] == list(range(19))
    assert {found[label] for label in set(range(34)) - set(scored)} == {255}


def test_cityscapes_fine_and_coarse_jointly(cityscapes):
    sizes = {"train": 2, "train_extra": 2, "train+coarse": 4, "val": 1}
    for split, size in sizes.items():
        assert len(open_dataset("cityscapes", cityscapes, split)) == size
    joint = open_dataset("cityscapes", cityscapes, "train+coarse")
    assert np.unique(joint[3].labels).tolist() == [0, 8, 255]
    assert len(np.unique(joint[0].labels)) == 20
    with pytest.raises(DatasetError, match="no split 'test' with labels"):
        open_dataset("cityscapes", cityscapes, "test")


def test_cityscapes_errors_name_the_file(cityscapes):
    label = cityscapes / "gtFine/train/zurich/zurich_000000_000019_gtFine_labelIds.png"
    write_picture(label, labels_of(34))
    with pytest.raises(DatasetError, match=r"labelIds.png cannot be used: it holds label 34"):
        open_dataset("cityscapes", cityscapes, "train")[1]
    label.unlink()
    with pytest.raises(DatasetError, match=r"zurich_000000_000019_leftImg8bit.png has no labels"):
        open_dataset("cityscapes", cityscapes, "train")
    with pytest.raises(DatasetError, match=r"(?s)gtCoarse.*does not exist; expected tree:.*gtFine"):
        (cityscapes / "gtCoarse").rename(cityscapes / "away")
        open_dataset("cityscapes", cityscapes, "train_extra")


def test_own_images(own):
    split = open_dataset("folder", own, "val")
    assert split.classes.names == ("floor", "box")
    assert split.licence == "CC0"
    assert [sample.name for sample in split] == ["a", "b"]
    assert (split[1].labels == labels_of(0, 1, 255)).all()


def test_own_images_from_training_to_report(own, tmp_path, capsys):
    for package in ("matplotlib", "onnx", "torch", "tqdm"):
        pytest.importorskip(package, reason="needs the extra train")
    data = ["--dataset", "folder", "--data", str(own)]
    output = tmp_path / "model"
    options = ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}"]
    schedule = ["--epochs", "1", "--batch-size", "2", "--train-split", "train"]
    assert cli.main(["train", *data, "--output", str(output), *options, *schedule]) == 0
    model = load_model(output)
    assert model.classes == ("floor", "box")
    assert model.colors.tolist() == [[1, 2, 3], [4, 5, 6]]
    expected = {"name": own.name, "split": "train", "licence": "CC0", "images": 2}
    assert model.card["data"] == expected
    assert model.card["training"]["split"] == "train"
    report = tmp_path / "report"
    assert cli.main(["evaluate", str(output), *data, "--report", str(report)]) == 0
    assert f"2 images of {own.name} val" in capsys.readouterr().out
    assert (report / "worst.png").is_file()


def test_own_images_errors_name_the_file(own):
    write_picture(own / "train/images/b.png", grey())
    with pytest.raises(DatasetError, match=r"b\.png and b\.JPG are both b: remove one"):
        open_dataset("folder", own, "train")
    (own / "train/images/b.png").unlink()
    write_picture(own / "train/labels/a.png", grey())
    with pytest.raises(DatasetError, match=r"a\.png cannot be used: it holds label 90 \(768"):
        open_dataset("folder", own, "train")[0]
    write_picture(own / "train/labels/a.png", labels_of(0, 2))
    with pytest.raises(DatasetError, match=r"a\.png cannot be used: it holds label 2"):
        open_dataset("folder", own, "train")[0]
    with pytest.raises(DatasetError, match=r"(?s)nosplit/images does not exist; expected tree:"):
        open_dataset("folder", own, "nosplit")
    (own / "empty/images").mkdir(parents=True)
    with pytest.raises(DatasetError, match="empty/images holds no "):
        open_dataset("folder", own, "empty")
    write_text(own / "classes.yaml", "classes: []")
    with pytest.raises(ValueError, match=r"classes\.yaml: a class table holds 1 to 254"):
        open_dataset("folder", own, "train")
    (own / "classes.yaml").unlink()
    with pytest.raises(DatasetError, match=r"(?s)classes\.yaml does not exist; expected tree:"):
        open_dataset("folder", own, "train")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp"])
def test_a_picture_that_is_cut_short_is_refused(own, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    encoded = cv2.imencode(suffix, noise)[1].tobytes()
    (own / "train/images/a.png").unlink()
    path = own / "train/images" / f"a{suffix}"
    path.write_bytes(encoded)
    assert open_dataset("folder", own, "train")[0].image.shape == (HEIGHT, WIDTH, 3)
    path.write_bytes(encoded[: len(encoded) * 3 // 4])
    with pytest.raises(DatasetError, match=rf"a\{suffix} cannot be used: .* cut short"):
        open_dataset("folder", own, "train")[0]
    path.unlink()
    path.mkdir()
    with pytest.raises(DatasetError, match=rf"a\{suffix} cannot be used: .*Is a directory"):
        open_dataset("folder", own, "train")[0]


def test_help_lists_every_dataset(capsys):
    for command in ("train", "evaluate"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        for name in DATASETS:
            assert name in text.partition("Layout of the data: ")[2]


def test_real_camvid():
    root = real_data("data/camvid")
    for split, size in (("train", 367), ("val", 101)):
        found = open_dataset("camvid", root, split)
        assert len(found) == size
        assert found.classes == CAMVID
    sample = found[0]
    assert sample.image.shape == (360, 480, 3)
    # SignSymbol is in every picture of val.
    assert {3, 6, 255} <= set(np.unique(sample.labels).tolist())
