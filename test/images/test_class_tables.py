"""Classes read from a user's file."""

import pytest

from mininet_ros.images.class_tables import CLASS_TABLES, read_class_table
from mininet_ros.lab.training.data.datasets import DATASETS, DatasetError, open_dataset


@pytest.mark.parametrize("name", ["yes", "no", "on", "off", "1", "1.10", "null"])
def test_a_class_keeps_its_name_whatever_yaml_makes_of_it(tmp_path, name):
    path = tmp_path / "classes.yaml"
    path.write_text(f"classes: [{{name: {name}, color: [1, 2, 3]}}]")
    assert read_class_table(str(path)).names == (name,)


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_has_a_loader(tmp_path, name):
    with pytest.raises(DatasetError, match="expected tree"):
        open_dataset(name, tmp_path, "train")


def test_every_dataset_but_the_users_has_its_classes():
    assert set(DATASETS) == {*CLASS_TABLES, "folder"}
