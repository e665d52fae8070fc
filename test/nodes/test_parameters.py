"""Parameters as a table: declared, described, checked at start and while the node runs."""

from __future__ import annotations

import math

import pytest
from ros_graph import ROOT

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

import rclpy
import yaml
from rclpy.parameter import Parameter

from mininet_ros.nodes.camera.image_stream_node import IMAGE_STREAM_PARAMETERS
from mininet_ros.nodes.common.parameters import (
    NodeParameters,
    ParameterError,
    ParameterSpec,
    parameter_help,
)
from mininet_ros.nodes.recorder.stream_recorder_node import STREAM_RECORDER_PARAMETERS
from mininet_ros.nodes.segmentation.parameters import SEGMENTATION_PARAMETERS

TABLE = (
    ParameterSpec("alpha", 0.5, "A share.", 0.0, 1.0, runtime=True),
    ParameterSpec("count", 3, "A count.", 0, 9, runtime=True),
    ParameterSpec("size", "camera", "A choice.", choices=("camera", "network"), runtime=True),
    ParameterSpec("names", ("a", "b"), "A list.", runtime=True),
    ParameterSpec("loop", True, "A switch.", runtime=True),
    ParameterSpec("model", "camvid", "Read at start."),
)


@pytest.fixture
def make(graph):
    """Return a function that makes a node with the table and its overrides."""

    def make_node(**overrides):
        values = [Parameter(name, value=value) for name, value in overrides.items()]
        return graph.add(
            rclpy.create_node("table", context=graph.context, parameter_overrides=values)
        )

    return make_node


def set_one(node, name, value):
    return node.set_parameters([Parameter(name, value=value)])[0]


def test_defaults_hold_without_overrides(make):
    assert dict(NodeParameters(make(), TABLE)) == {
        "alpha": 0.5,
        "count": 3,
        "size": "camera",
        "names": ["a", "b"],
        "loop": True,
        "model": "camvid",
    }


def test_overrides_hold(make):
    node = make(alpha=1.0, count=0, size="network", names=["c"], loop=False, model="own")
    parameters = NodeParameters(node, TABLE)
    assert list(parameters.values()) == [1.0, 0, "network", ["c"], False, "own"]


def test_integers_are_taken_for_numbers_and_strings(make):
    """``-p alpha:=1`` and ``-p model:=7`` arrive as integers."""
    parameters = NodeParameters(make(alpha=1, model=7), TABLE)
    assert isinstance(parameters["alpha"], float)
    assert (parameters["alpha"], parameters["model"]) == (1.0, "7")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("alpha", 1.5, "alpha is from 0.0 to 1.0, not 1.5"),
        ("alpha", math.nan, "alpha is from 0.0 to 1.0, not nan"),
        ("alpha", "much", "alpha is a number with a decimal point.*not 'much'"),
        ("count", 10, "count is from 0 to 9, not 10"),
        ("count", 1.0, "count is an integer, not 1.0"),
        ("count", True, "count is an integer, not True"),
        ("size", "huge", "size is one of camera, network, not 'huge'"),
        ("names", "a", "names is a list of one or more strings, not 'a'"),
        ("names", [], "names is a list of one or more strings"),
        ("names", [1, 2], "names is a list of one or more strings"),
        ("loop", 1, "loop is true or false, not 1"),
        ("model", 1.5, "model is a string, not 1.5"),
    ],
)
def test_a_wrong_override_is_one_sentence(make, name, value, sentence):
    with pytest.raises(ParameterError, match=f"^parameter {sentence}") as caught:
        NodeParameters(make(**{name: value}), TABLE)
    assert "\n" not in str(caught.value)


def test_parameters_show_description_range_and_choices(make):
    node = make()
    NodeParameters(node, TABLE)
    alpha, count, size, model = node.describe_parameters(["alpha", "count", "size", "model"])
    assert alpha.description == "A share."
    limits = alpha.floating_point_range[0]
    assert (limits.from_value, limits.to_value) == (0.0, 1.0)
    limits = count.integer_range[0]
    assert (limits.from_value, limits.to_value) == (0, 9)
    assert size.additional_constraints == "one of camera, network"
    assert [d.read_only for d in (alpha, count, size, model)] == [False, False, False, True]
    assert not any(d.dynamic_typing for d in (alpha, count, size, model))


def test_changes_at_run_time_are_told(make):
    node, changes = make(), []
    parameters = NodeParameters(node, TABLE, changed=changes.append)
    assert set_one(node, "alpha", 0.25).successful
    assert set_one(node, "alpha", 0.25).successful, "no change, nothing to tell"
    assert node.set_parameters_atomically(
        [Parameter("count", value=4), Parameter("names", value=["x", "y"])]
    ).successful
    assert changes == [{"alpha"}, {"count", "names"}]
    assert (parameters["alpha"], parameters["count"]) == (0.25, 4)
    assert parameters["names"] == ["x", "y"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("alpha", 1.5), ("alpha", 1), ("size", "huge"), ("count", -1), ("model", "other")],
)
def test_a_wrong_change_is_refused_with_a_reason(make, name, value):
    node, changes = make(), []
    parameters = NodeParameters(node, TABLE, changed=changes.append)
    before = dict(parameters)
    answer = set_one(node, name, value)
    assert not answer.successful
    assert answer.reason
    assert dict(parameters) == before
    assert node.get_parameter(name).value == before[name]
    assert changes == []


def test_values_that_do_not_go_together_are_refused_at_start_and_later(make):
    def check(values):
        return "count is too large for alpha" if values["count"] * values["alpha"] > 4 else None

    with pytest.raises(ParameterError, match="too large"):
        NodeParameters(make(count=9), TABLE, check=check)
    node = make()
    parameters = NodeParameters(node, TABLE, check=check)
    answer = set_one(node, "count", 9)
    assert (answer.successful, answer.reason) == (False, "count is too large for alpha")
    assert node.set_parameters_atomically(
        [Parameter("count", value=9), Parameter("alpha", value=0.1)]
    ).successful
    assert parameters["count"] == 9


def test_parameters_of_rclpy_itself_stay_changeable(make):
    node = make()
    NodeParameters(node, TABLE)
    assert set_one(node, "use_sim_time", True).successful


def test_help_names_every_parameter():
    text = parameter_help(TABLE)
    assert all(spec.name in text and spec.description in text for spec in TABLE)
    assert "0.0 to 1.0" in text
    assert "one of camera, network" in text


@pytest.mark.parametrize(
    "table", [SEGMENTATION_PARAMETERS, IMAGE_STREAM_PARAMETERS, STREAM_RECORDER_PARAMETERS]
)
def test_tables_of_the_nodes_agree_with_themselves(table):
    assert len({spec.name for spec in table}) == len(table)
    for spec in table:
        assert spec.problem(spec.default) is None
        assert spec.description.endswith(".")
        assert (spec.minimum is None) == (spec.maximum is None)


def test_the_configuration_file_names_every_parameter_with_its_default():
    text = (ROOT / "config" / "segmentation.yaml").read_text(encoding="utf-8")
    (node,) = yaml.safe_load(text).values()
    defaults = {spec.name: spec.default for spec in SEGMENTATION_PARAMETERS}
    assert node["ros__parameters"] == defaults
