"""A folder for a model hub: complete, with a card that the hub can read."""

from __future__ import annotations

import pytest
import yaml

pytest.importorskip("torch", reason="needs the extra train")

from mininet_ros import cli
from mininet_ros.models import load_model


def front_matter(folder):
    text = (folder / "README.md").read_text()
    _, front, rest = text.split("---\n", 2)
    return yaml.safe_load(front), rest


def test_a_shipped_model_becomes_a_hub_folder(tmp_path, capsys):
    hub = tmp_path / "hub"
    assert cli.main(["export", "camvid_mininet_v2_cpu", "--hub", str(hub)]) == 0
    front, rest = front_matter(hub)
    model = load_model("camvid_mininet_v2_cpu")
    assert front["license"] == "cc-by-nc-4.0"
    assert front["pipeline_tag"] == "image-segmentation"
    (result,) = front["model-index"][0]["results"]
    assert result["metrics"][0]["value"] == model.card["figures"]["validation_miou"]
    assert rest.lstrip().startswith("# camvid_mininet_v2_cpu")
    assert load_model(hub).classes == model.classes
    assert "filter=lfs" in (hub / ".gitattributes").read_text()


def test_a_licence_without_identifier_is_named(tmp_path):
    hub = tmp_path / "hub"
    assert cli.main(["export", "scene_text_mininet_v2_cpu", "--hub", str(hub)]) == 0
    front, _ = front_matter(hub)
    assert front["license"] == "other" and "research use" in front["license_name"]


def test_nothing_to_write_is_said(capsys):
    assert cli.main(["export", "camvid_mininet_v2_cpu"]) == 1
    assert "give --output, --hub, or both" in capsys.readouterr().err
