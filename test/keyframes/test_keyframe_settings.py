"""Settings of a keyframe selection from parameter values, presets and parameter files."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from mininet_ros.images.class_tables import CAMVID
from mininet_ros.keyframes.cues.content import class_weight_table
from mininet_ros.keyframes.selection.config import ConfigError, Mode, SelectorConfig
from mininet_ros.keyframes.settings import (
    NODE_ONLY,
    KeyframeSettings,
    preset_names,
    read_preset,
)

CONFIG = Path(__file__).parents[2] / "config"


def test_values_by_flat_names_become_settings():
    settings = KeyframeSettings.from_values(
        {
            "classes": ["SignSymbol", "Car: 0.5"],
            "mode": "gate",
            "min_gap_s": 1,
            "max_waiting": 9,
            "team_bytes_per_s": 1234,
            "jpeg_quality": 30,
            "use_confidence": False,
        }
    )
    assert settings.targets() == {"SignSymbol": 1.0, "Car": 0.5}
    assert settings.selector.mode is Mode.GATE
    assert (settings.selector.min_gap_s, settings.selector.max_waiting) == (1.0, 9)
    assert settings.budget().statistics().room == settings.team_waiting
    assert (settings.team_bytes_per_s, settings.jpeg_quality) == (1234, 30)
    assert not settings.use_confidence


def test_absent_values_keep_their_defaults():
    assert KeyframeSettings.from_values({}) == KeyframeSettings()


def test_empty_names_select_without_semantics():
    assert KeyframeSettings.from_values({"classes": [""]}).targets() == {}


def test_parameters_of_the_node_alone_are_passed_over():
    values = {"model": "camvid", "reliability": "reliable", "use_sim_time": True}
    assert KeyframeSettings.from_values(values) == KeyframeSettings()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"min_gap": 1.0}, "Unknown parameter 'min_gap'; known parameters: base_content, "),
        ({"min_gap_s": "1"}, "min_gap_s must be a number, got '1'."),
        ({"min_gap_s": -1.0}, "min_gap_s must be at least 0, got -1."),
        ({"min_gap_s": float("nan")}, "min_gap_s must be at least 0, got nan."),
        ({"min_gap_s": True}, "min_gap_s must be a number, got True."),
        ({"max_waiting": 2.5}, "max_waiting must be an integer, got 2.5."),
        ({"mode": "windows"}, "Unknown mode 'windows'; known modes: window, request, gate."),
        ({"mode": 3}, "mode must be a string, got 3."),
        ({"classes": "text"}, "classes must be a list of strings, got 'text'."),
        ({"classes": [1]}, "classes must be a list of strings"),
        ({"classes": ["text: much"]}, "The weight of class 'text' must be a number"),
        ({"use_confidence": 1}, "use_confidence must be true or false, got 1."),
        ({"jpeg_quality": 0}, "jpeg_quality must be from 1 to 100, got 0."),
        ({"team_bytes_per_s": 0}, "The budget's rate must be at least 1, got 0."),
        ({"min_gap_s": 3.0, "max_gap_s": 2.0}, "max_gap_s (2) must not be below min_gap_s (3)"),
    ],
)
def test_wrong_values_are_one_sentence(values, sentence):
    with pytest.raises(ConfigError) as caught:
        KeyframeSettings.from_values(values)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_the_presets_are_shipped():
    assert preset_names() == ["slam", "team", "text"]


@pytest.mark.parametrize("name", ["slam", "team", "text"])
def test_every_preset_works_with_the_shipped_model(name):
    settings = KeyframeSettings.from_values(read_preset(name))
    assert settings.targets()
    assert class_weight_table(settings.targets(), CAMVID.names).sum() > 0.0


def test_a_file_is_read_by_its_path_and_the_named_node_wins(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        """
/robot1/keyframe_selector:
  ros__parameters: {mode: gate}
/robot1:
  keyframe_selector:
    ros__parameters: {min_gap_s: 3.0}
/**:
  ros__parameters: {mode: window, max_gap_s: 9.0}
segmentation:
  ros__parameters: {model: camvid, threads: 2}
"""
    )
    assert read_preset(path) == {"mode": "gate", "min_gap_s": 3.0, "max_gap_s": 9.0}
    assert read_preset(str(path)) == read_preset(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a: [", "cannot be read"),
        ("", "has no parameters of the node keyframe_selector"),
        ("- 1", "has no parameters of the node keyframe_selector"),
        ("segmentation: {ros__parameters: {threads: 1}}", "has no parameters of the node"),
    ],
)
def test_a_file_that_does_not_do_is_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "own.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=sentence) as caught:
        read_preset(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_preset_lists_the_known_ones():
    with pytest.raises(ConfigError, match="no preset 'fast': give one of slam, team, text, or"):
        read_preset("fast")


def parameter_file(name: str) -> dict[str, object]:
    (section,) = yaml.safe_load((CONFIG / name).read_text(encoding="utf-8")).values()
    return section["ros__parameters"]


@pytest.fixture
def table():
    """The parameters of the node by their names."""
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    from mininet_ros.nodes.keyframes.parameters import KEYFRAME_PARAMETERS

    return {spec.name: spec for spec in KEYFRAME_PARAMETERS}


def test_the_parameters_of_the_node_are_the_settings_and_where_messages_come_from(table):
    own = {entry.name for entry in fields(KeyframeSettings)} - {"selector"}
    selection = own | {entry.name for entry in fields(SelectorConfig)}
    assert set(table) == selection | NODE_ONLY - {"use_sim_time"}
    defaults = {name: table[name].default for name in selection}
    assert KeyframeSettings.from_values(defaults).targets() == {}
    defaults["classes"] = ()
    assert KeyframeSettings.from_values(defaults) == KeyframeSettings()


def test_the_parameters_of_the_node_agree_with_themselves(table):
    for spec in table.values():
        assert spec.problem(spec.default) is None
        assert spec.description.endswith(".")
        assert (spec.minimum is None) == (spec.maximum is None)


def test_the_full_parameter_file_names_every_parameter_with_its_default(table):
    written = parameter_file("keyframes.yaml")
    declared = {
        name: list(spec.default) if isinstance(spec.default, tuple) else spec.default
        for name, spec in table.items()
    }
    assert written == declared
    assert {name: type(value) for name, value in written.items()} == {
        name: type(value) for name, value in declared.items()
    }


@pytest.mark.parametrize("name", ["slam", "team", "text"])
def test_ros_takes_every_value_of_a_preset(table, name):
    for parameter, value in parameter_file(f"keyframes_{name}.yaml").items():
        assert table[parameter].problem(value) is None
