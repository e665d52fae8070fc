"""Settings of a keyframe selection from parameter values, presets and parameter files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mininet_ros.images.class_tables import CAMVID
from mininet_ros.keyframes.cues.classes import class_weight_table
from mininet_ros.keyframes.selection.config import ConfigError, Mode
from mininet_ros.keyframes.settings import (
    NODE_ONLY,
    KeyframeSettings,
    preset_names,
    read_preset,
)
from mininet_ros.parameters import parameter_specs

CONFIG = Path(__file__).parents[2] / "config"


def test_values_by_flat_names_become_settings():
    settings = KeyframeSettings.from_values(
        {
            "classes": ["SignSymbol", "Car: 0.5"],
            "mode": "gate",
            "min_gap_s": 1,
            "max_waiting_bytes": 9,
            "team_bytes_per_s": 1234,
            "jpeg_quality": 30,
            "use_confidence": False,
        }
    )
    assert settings.targets() == {"SignSymbol": 1.0, "Car": 0.5}
    assert settings.selector.mode is Mode.GATE
    assert (settings.selector.min_gap_s, settings.selector.max_waiting_bytes) == (1.0, 9)
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
        ({"min_gap": 1.0}, "unknown parameter 'min_gap'; known parameters: base_content, "),
        ({"min_gap_s": "1"}, "parameter min_gap_s is a number, not '1'"),
        ({"min_gap_s": -1.0}, "parameter min_gap_s is from 0.0 to 3600.0, not -1.0"),
        ({"min_gap_s": float("nan")}, "parameter min_gap_s is from 0.0 to 3600.0, not nan"),
        ({"min_gap_s": True}, "parameter min_gap_s is a number, not True"),
        ({"max_waiting_bytes": 2.5}, "parameter max_waiting_bytes is an integer, not 2.5"),
        ({"mode": "windows"}, "parameter mode is one of window, request, gate, not 'windows'"),
        ({"mode": 3}, "parameter mode is one of window, request, gate, not '3'"),
        ({"classes": "text"}, "parameter classes is a list of one or more strings, not 'text'"),
        ({"classes": [1]}, "parameter classes is a list of one or more strings"),
        (
            {"classes": ["text: much"]},
            "parameter classes cannot be used: The weight of class 'text' must be a number",
        ),
        ({"use_confidence": 1}, "parameter use_confidence is true or false, not 1"),
        ({"jpeg_quality": 0}, "parameter jpeg_quality is from 1 to 100, not 0"),
        ({"team_bytes_per_s": 0}, "parameter team_bytes_per_s is from 1 to 1000000000, not 0"),
        ({"min_gap_s": 3.0, "max_gap_s": 2.0}, "parameter max_gap_s (2) is below min_gap_s (3)"),
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
    table = class_weight_table(settings.targets(), CAMVID.names)
    assert (table.sum() > 0.0) == (name != "slam")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("window_motion_px", "window_motion_px is gone: it is now window_motion, a share of the"),
        ("parallax_floor_px", "it is now parallax_floor, a share of the image width"),
        ("max_waiting", "it is now max_waiting_bytes"),
    ],
)
def test_a_former_name_is_refused_with_the_new_one(name, words):
    with pytest.raises(ConfigError, match=words):
        KeyframeSettings.from_values({name: 8})


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
def declared():
    """The parameters of the node by their names."""
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    from mininet_ros.nodes.keyframes.parameters import KeyframeParameters

    return {spec.name: spec for spec in parameter_specs(KeyframeParameters)}


def test_the_parameters_of_the_node_are_the_settings_and_where_messages_come_from(declared):
    selection = {spec.name for spec in parameter_specs(KeyframeSettings)}
    assert set(declared) == selection | NODE_ONLY - {"use_sim_time"}


@pytest.mark.parametrize("name", ["slam", "team", "text"])
def test_ros_takes_every_value_of_a_preset(declared, name):
    for parameter, value in parameter_file(f"keyframes_{name}.yaml").items():
        assert declared[parameter].problem(value) is None
