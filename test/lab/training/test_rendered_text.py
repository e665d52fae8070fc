"""Rendered text: what is drawn is labelled, exactly; seed and index decide; borders are crossed."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("matplotlib", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

from tiny_camvid import write_camvid
from tiny_pictures import write_picture
from training_rig import splits

from mininet_ros import cli
from mininet_ros.images.class_tables import SCENE_TEXT
from mininet_ros.lab.training.data.datasets import DatasetError, Sample
from mininet_ros.lab.training.data.rendered_text import WithRenderedText
from mininet_ros.lab.training.data.rendered_text.backgrounds import draw_background
from mininet_ros.lab.training.data.rendered_text.scene import add_text, hang
from mininet_ros.lab.training.data.rendered_text.signs import MARGIN, draw_sign
from mininet_ros.lab.training.data.rendered_text.typefaces import HERSHEY, Typefaces
from mininet_ros.lab.training.data.rendered_text.words import draw_text
from mininet_ros.models import load_model

WIDTH, HEIGHT = 256, 144


class Photographs:
    """Two grey pictures with a text and an illegible one in them, as scene text."""

    name, split, licence, classes = "photographs", "train", "CC0", SCENE_TEXT

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Sample:
        labels = np.zeros((HEIGHT, WIDTH), np.uint8)
        labels[20:60, 30:100], labels[100:130, 150:220] = 1, 255
        return Sample(f"{index}", np.full((HEIGHT, WIDTH, 3), 90 + index, np.uint8), labels)


@pytest.fixture(scope="module")
def typefaces():
    return Typefaces()


def rendered(count: int = 40, seed: int = 1) -> list[Sample]:
    dataset = WithRenderedText(Photographs(), count, WIDTH, HEIGHT, seed)
    return [dataset[2 + number] for number in range(count)]


def test_a_dataset_grows_by_rendered_pictures():
    dataset = WithRenderedText(Photographs(), 3, WIDTH, HEIGHT, 1)
    assert len(dataset) == 5
    assert (dataset.name, dataset.split, dataset.licence) == ("photographs", "train", "CC0")
    assert dataset[1].name == "1"
    for index in range(2, 5):
        sample = dataset[index]
        assert sample.image.shape == (HEIGHT, WIDTH, 3)
        assert sample.labels.shape == (HEIGHT, WIDTH)
        assert sample.image.dtype == sample.labels.dtype == np.uint8
        assert set(np.unique(sample.labels)) <= {0, 1, 255}
    with pytest.raises(IndexError, match="5 is beyond 5 samples"):
        dataset[5]


def test_seed_and_index_decide():
    first, again, other = rendered(6), rendered(6), rendered(6, seed=2)
    for one, same, different in zip(first, again, other):
        assert (one.image == same.image).all()
        assert (one.labels == same.labels).all()
        assert (one.image != different.image).any()
    assert (first[0].image != first[1].image).any()


def test_ink_lies_in_the_labelled_words(typefaces):
    random = np.random.default_rng(0)
    changed_in, changed_out, labelled = 0, 0, 0
    for number in range(30):
        before = np.full((HEIGHT, WIDTH, 3), 60 + 4 * number, np.uint8)
        picture, labels = before.copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
        sign = next(
            sign
            for sign in iter(lambda: draw_sign(random, typefaces, 30.0), ...)
            if sign is not None and not sign.has_plate
        )
        while not hang(picture, labels, random, sign, 30.0):
            pass
        is_changed = (picture != before).any(2)
        changed_in += (is_changed & (labels == 1)).sum()
        changed_out += (is_changed & (labels == 0)).sum()
        labelled += (labels == 1).sum()
    assert changed_out < 0.05 * changed_in
    assert 0.1 < changed_in / labelled < 0.8


def test_a_sign_outlines_each_of_its_words(typefaces):
    random = np.random.default_rng(3)
    for _ in range(60):
        sign = draw_sign(random, typefaces, 30.0)
        if sign is None or sign.has_plate:
            continue
        left_over = sign.ink.copy()
        margin = 0.5 + MARGIN * sign.size
        for corners in sign.words:
            x0, y0 = np.rint(corners.min(0) + margin).astype(int)
            x1, y1 = np.rint(corners.max(0) - margin).astype(int)
            box = sign.ink[y0 : y1 + 1, x0 : x1 + 1]
            # Tight: there is ink in the outermost rows and columns.
            assert box.any(0)[[0, -1]].all()
            assert box.any(1)[[0, -1]].all()
            left_over[y0 : y1 + 1, x0 : x1 + 1] = 0
        assert not left_over.any()


def test_text_is_added_only_where_there_was_none():
    on_photographs = [sample for sample in rendered() if (sample.labels == 255).any()]
    assert 0.4 < len(on_photographs) / 40 < 0.8
    for sample in on_photographs:
        assert (sample.labels[20:60, 30:100] == 1).all()
        assert (sample.labels[100:130, 150:220] == 255).all()
        assert (sample.labels == 255).sum() == 30 * 70


def test_text_stands_out_from_what_is_behind_it(typefaces):
    random = np.random.default_rng(5)
    contrasts = []
    for _ in range(20):
        picture = np.full((HEIGHT, WIDTH, 3), random.integers(0, 256), np.uint8)
        labels = np.zeros((HEIGHT, WIDTH), np.uint8)
        add_text(picture, labels, random, typefaces)
        count, parts = cv2.connectedComponents((labels == 1).astype(np.uint8))
        for part in range(1, count):
            grey = picture[parts == part].mean(1)
            if grey.size > 60:
                contrasts.append(np.ptp(np.percentile(grey, (3, 97))))
    assert len(contrasts) > 20
    assert np.percentile(contrasts, 10) > 30


def test_words_cross_every_border_and_vary_in_size():
    samples = rendered(60)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        touching = sum((sample.labels[edge] == 1).any() for sample in samples)
        assert touching >= 6
    heights = []
    for sample in samples:
        _, _, stats, _ = cv2.connectedComponentsWithStats((sample.labels == 1).astype(np.uint8))
        heights += stats[1:, cv2.CC_STAT_HEIGHT].tolist()
    assert np.percentile(heights, 10) < 20
    assert np.percentile(heights, 90) > 30


def test_every_typeface_draws_letters(typefaces):
    assert len(typefaces.paths) >= 10
    assert not any("LastResort" in path.name or "cmsy" in path.name for path in typefaces.paths)
    for face in range(len(typefaces)):
        ink, top = typefaces.draw("Hx", face, 40)
        assert 20 < ink.shape[0] < 50
        assert -45 < top < -20
        assert ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any()
        wider, _ = typefaces.draw("HHHH", face, 40)
        assert wider.shape[1] > 1.5 * ink.shape[1]
    below = typefaces.draw("g", len(typefaces) - len(HERSHEY), 40)
    assert below[0].shape[0] + below[1] > 0


def test_texts_are_words_and_numbers():
    random = np.random.default_rng(0)
    texts = [draw_text(random) for _ in range(2000)]
    assert all(re.fullmatch(r"[!-~]{1,16}", text) for text in texts)
    assert len(set(texts)) > 1000
    shares = [
        np.mean([bool(re.search(pattern, text)) for text in texts])
        for pattern in (r"^[A-Z]+$", r"^[a-z]+$", r"^[A-Z][a-z]+$", r"\d")
    ]
    assert min(shares) > 0.1


def test_backgrounds_differ():
    random = np.random.default_rng(0)
    pictures = [draw_background(random, WIDTH, HEIGHT) for _ in range(8)]
    assert all(picture.shape == (HEIGHT, WIDTH, 3) for picture in pictures)
    assert len({tuple(picture[0, 0]) for picture in pictures}) > 5
    assert all(picture.std() > 1 for picture in pictures)


def test_other_classes_and_counts_are_refused(tmp_path):
    training, _ = splits(write_camvid(tmp_path, 64, 48))
    with pytest.raises(DatasetError, match="added to scene text alone, not to camvid"):
        WithRenderedText(training, 3, WIDTH, HEIGHT, 1)
    with pytest.raises(DatasetError, match="must not be negative: -1"):
        WithRenderedText(Photographs(), -1, WIDTH, HEIGHT, 1)
    data = ["--dataset", "camvid", "--data", str(tmp_path), "--network", "mininet_v2_cpu"]
    assert cli.main(["train", *data, "--output", str(tmp_path / "m"), "--rendered-text", "5"]) == 1


def test_command_learns_from_rendered_text_too(tmp_path):
    pytest.importorskip("onnx", reason="needs the extra train")
    rows = [
        {"name": name, "color": list(color)}
        for name, color in zip(SCENE_TEXT.names, SCENE_TEXT.colors, strict=True)
    ]
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump({"classes": rows}))
    for folder in ("train", "val"):
        for index in range(2):
            sample = Photographs()[index]
            write_picture(tmp_path / folder / "images" / f"{index}.png", sample.image)
            write_picture(tmp_path / folder / "labels" / f"{index}.png", sample.labels)
    command = ["train", "--dataset", "folder", "--data", str(tmp_path), "--rendered-text", "4"]
    command += ["--network", "mininet_v2_cpu", "--input-size", "128x72", "--epochs", "2"]
    command += ["--batch-size", "3", "--output", str(tmp_path / "model")]
    assert cli.main(command) == 0
    card = load_model(tmp_path / "model").card
    assert card["training"]["rendered_text"] == 4
    assert card["data"]["images"] == 2
    assert card["training"]["images_seen"] == 2 * 6
