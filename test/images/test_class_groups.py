"""Classes merged on the way out."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from mininet_ros.images.class_groups import merged, parse_groups
from mininet_ros.images.class_tables import CAMVID, ClassTable
from mininet_ros.inference import load_segmenter
from mininet_ros.models import CARD, ModelError, load_model

TABLE = ClassTable(("sky", "road", "car", "sidewalk"), ((1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4)))


def test_members_become_one_class_where_the_first_stood():
    groups = merged(TABLE, {"ground": ["sidewalk", "road"]})
    assert groups.names == ("sky", "ground", "car")
    assert groups.colors.tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]
    mask = np.array([[0, 1, 2, 3, 255, 9]], np.uint8)
    assert groups.merge(mask).tolist() == [[0, 1, 2, 1, 255, 255]]


def test_a_group_may_have_the_name_of_a_member():
    assert merged(TABLE, {"road": ("road", "sidewalk")}).names == ("sky", "road", "car")


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ({"ground": ["road", "lawn"]}, "names lawn, which is no class"),
        ({"ground": []}, "names no class"),
        ({"a": ["road"], "b": ["road"]}, "in the groups a and b"),
        ({"sky": ["road", "sidewalk"]}, "has the name of a class"),
    ],
)
def test_groups_that_do_not_fit(groups, sentence):
    with pytest.raises(ValueError, match=sentence):
        merged(TABLE, groups)


def test_groups_of_a_command_line():
    assert parse_groups(["", "ground=Road+Sidewalk", "thing = Car + Pole"]) == {
        "ground": ("Road", "Sidewalk"),
        "thing": ("Car", "Pole"),
    }
    for wrong in ("ground", "=Road", "ground=", "ground=Road++Car"):
        with pytest.raises(ValueError, match="is not NAME=CLASS"):
            parse_groups([wrong])
    with pytest.raises(ValueError, match="twice"):
        parse_groups(["a=Road", "a=Car"])


def test_masks_of_a_model_with_groups(tiny_model, tmp_path):
    plain = load_segmenter(tiny_model, "cpu")
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    expected = plain.segment(image)
    everything = {"all": list(CAMVID.names)}
    found = load_segmenter(tiny_model, "cpu", groups=everything)
    assert found.model.classes == ("all",)
    assert not found.segment(image).mask.any()
    assert (found.segment(image).confidence == expected.confidence).all()

    folder = tmp_path / "grouped"
    folder.mkdir()
    for path in tiny_model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    card = yaml.safe_load((folder / CARD).read_text())
    card["groups"] = {"ground": ["Road", "Sidewalk"]}
    (folder / CARD).write_text(yaml.safe_dump(card))
    grouped = load_segmenter(folder, "cpu")
    assert "ground" in grouped.model.classes and "Road" not in grouped.model.classes
    assert load_model(folder).published_table.names == grouped.model.classes
    assert load_model(folder).classes == CAMVID.names
    assert load_segmenter(folder, "cpu", groups={}).model.classes == CAMVID.names
    card["groups"] = {"ground": ["Lawn"]}
    (folder / CARD).write_text(yaml.safe_dump(card))
    with pytest.raises(ModelError, match="names Lawn, which is no class"):
        load_model(folder)
