"""Parameters as a table: declared, described, checked at start and while the node runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from mininet_ros.nodes.common.parameters import NodeParameters, parameter_help
from mininet_ros.parameters import (
    Change,
    ParameterError,
    from_values,
    parameter,
    parameter_specs,
    to_values,
)


class Size(Enum):
    CAMERA = "camera"
    NETWORK = "network"


@dataclass(frozen=True)
class Group:
    size: Size = parameter(Size.CAMERA, "A choice.", change=Change.AT_ONCE)
    names: tuple[str, ...] = parameter(("a", "b"), "A list.", change=Change.AT_ONCE)


@dataclass(frozen=True)
class Table:
    alpha: float = parameter(0.5, "A share.", 0.0, 1.0, change=Change.AT_ONCE)
    count: int = parameter(3, "A count.", 0, 9, change=Change.AT_ONCE)
    group: Group = field(default_factory=Group)
    loop: bool = parameter(True, "A switch.", change=Change.AT_ONCE)
    threads: int = parameter(1, "Read on configure.", 1, 8, change=Change.ON_CONFIGURE)
    model: str = parameter("camvid", "Read at start.")


class HumbleNode(Node):
    """A node with the parameter callbacks of Humble alone."""

    def __getattribute__(self, name):
        if name in ("add_pre_set_parameters_callback", "add_post_set_parameters_callback"):
            raise AttributeError(name)
        return super().__getattribute__(name)


@pytest.fixture(params=[Node, HumbleNode], ids=["jazzy", "humble"])
def make(graph, request):
    """Return a function that makes a node with overrides of the table."""

    def make_node(**overrides):
        values = [Parameter(name, value=value) for name, value in overrides.items()]
        return graph.add(request.param("table", context=graph.context, parameter_overrides=values))

    return make_node


def set_one(node, name, value):
    return node.set_parameters([Parameter(name, value=value)])[0]


def values(parameters):
    return to_values(parameters.values)


def test_defaults_hold_without_overrides(make):
    parameters = NodeParameters(make(), Table)
    assert parameters.values == Table()
    assert values(parameters) == {
        "alpha": 0.5,
        "count": 3,
        "size": "camera",
        "names": ["a", "b"],
        "loop": True,
        "threads": 1,
        "model": "camvid",
    }


def test_overrides_hold(make):
    node = make(alpha=1.0, count=0, size="network", names=["c"], loop=False, model="own")
    group = Group(Size.NETWORK, ("c",))
    assert NodeParameters(node, Table).values == Table(1.0, 0, group, False, 1, "own")


def test_integers_are_taken_for_numbers_and_strings(make):
    """``-p alpha:=1`` and ``-p model:=7`` arrive as integers."""
    parameters = NodeParameters(make(alpha=1, model=7), Table)
    assert isinstance(parameters.values.alpha, float)
    assert (parameters.values.alpha, parameters.values.model) == (1.0, "7")


def test_an_integer_sets_a_number_while_the_node_runs(make, graph):
    """``ros2 param set /node alpha 1`` sends an integer."""
    node, changes = make(), []
    parameters = NodeParameters(node, Table, changed=changes.append)
    answer = set_one(node, "alpha", 1)
    assert answer.successful, answer.reason
    graph.spin_until(lambda: changes)
    assert (type(parameters.values.alpha), parameters.values.alpha) == (float, 1.0)
    assert set_one(node, "alpha", 0.25).successful, "the type of the parameter stays"
    assert not set_one(node, "alpha", 2).successful


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("alpha", 1.5, "alpha is from 0.0 to 1.0, not 1.5"),
        ("alpha", math.nan, "alpha is from 0.0 to 1.0, not nan"),
        ("alpha", "much", "alpha is a number, not 'much'"),
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
        NodeParameters(make(**{name: value}), Table)
    assert "\n" not in str(caught.value)


def test_parameters_show_description_range_and_choices(make):
    node = make()
    NodeParameters(node, Table)
    alpha, count, size, threads, model = node.describe_parameters(
        ["alpha", "count", "size", "threads", "model"]
    )
    assert alpha.description == "A share."
    limits = alpha.floating_point_range[0]
    assert (limits.from_value, limits.to_value) == (0.0, 1.0)
    limits = count.integer_range[0]
    assert (limits.from_value, limits.to_value) == (0, 9)
    assert size.additional_constraints == "one of camera, network"
    described = (alpha, count, size, threads, model)
    assert [d.read_only for d in described] == [False, False, False, False, True]


def test_changes_at_run_time_are_told(make, graph):
    node, changes = make(), []
    parameters = NodeParameters(node, Table, changed=changes.append)
    assert set_one(node, "alpha", 0.25).successful
    graph.spin_until(lambda: changes)
    assert set_one(node, "alpha", 0.25).successful, "no change, nothing to tell"
    graph.spin_for(0.1)
    assert node.set_parameters_atomically(
        [Parameter("count", value=4), Parameter("names", value=["x", "y"])]
    ).successful
    graph.spin_until(lambda: len(changes) == 2)
    assert changes == [{"alpha"}, {"count", "names"}]
    assert (parameters.values.alpha, parameters.values.count) == (0.25, 4)
    assert parameters.values.group.names == ("x", "y")


def test_a_change_that_another_callback_refuses_has_no_effect(make, graph):
    node, changes = make(), []

    refusing = []

    def refuse(_):
        return SetParametersResult(successful=not refusing, reason="not now" if refusing else "")

    # Called after the node's own, for rclpy puts each new callback in front of the others.
    node.add_on_set_parameters_callback(refuse)
    parameters = NodeParameters(node, Table, changed=changes.append)
    refusing.append(True)
    answer = set_one(node, "alpha", 0.25)
    assert (answer.successful, answer.reason) == (False, "not now")
    graph.spin_for(0.2)
    assert (parameters.values, changes) == (Table(), [])
    refusing.clear()
    assert set_one(node, "count", 4).successful
    graph.spin_until(lambda: changes)
    assert changes == [{"count"}], "what was refused does not come back"
    assert parameters.values.alpha == node.get_parameter("alpha").value == 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [("alpha", 1.5), ("alpha", "1"), ("size", "huge"), ("count", -1), ("model", "other")],
)
def test_a_wrong_change_is_refused_with_a_reason(make, graph, name, value):
    node, changes = make(), []
    parameters = NodeParameters(node, Table, changed=changes.append)
    before = values(parameters)
    answer = set_one(node, name, value)
    assert not answer.successful
    assert answer.reason
    graph.spin_for(0.05)
    assert values(parameters) == before
    assert node.get_parameter(name).value == before[name]
    assert changes == []


def test_values_that_do_not_go_together_are_refused_at_start_and_later(make, graph):
    def check(values):
        return "count is too large for alpha" if values.count * values.alpha > 4 else None

    with pytest.raises(ParameterError, match="too large"):
        NodeParameters(make(count=9), Table, check=check)
    node = make()
    changes = []
    parameters = NodeParameters(node, Table, check=check, changed=changes.append)
    answer = set_one(node, "count", 9)
    assert (answer.successful, answer.reason) == (False, "count is too large for alpha")
    assert node.set_parameters_atomically(
        [Parameter("count", value=9), Parameter("alpha", value=0.1)]
    ).successful
    graph.spin_until(lambda: changes)
    assert parameters.values.count == 9


def test_parameters_of_rclpy_itself_stay_changeable(make):
    node = make()
    NodeParameters(node, Table)
    assert set_one(node, "use_sim_time", True).successful


def test_help_names_every_parameter():
    specs = parameter_specs(Table)
    text = parameter_help(specs)
    assert all(spec.name in text and spec.description in text for spec in specs)
    assert "0.0 to 1.0" in text
    assert "one of camera, network" in text


def test_values_become_typed_and_come_back():
    group = Group(Size.NETWORK, ("z",))
    table = from_values(Table, {"alpha": 1, "size": "network", "names": ["z"], "unknown": 3})
    assert table == Table(alpha=1.0, group=group)
    assert from_values(Table, to_values(table)) == table
    with pytest.raises(ParameterError, match="size is one of camera, network, not 'huge'"):
        from_values(Table, {"size": "huge"})


def test_a_field_that_declares_no_parameter_is_a_mistake_of_the_programmer():
    @dataclass(frozen=True)
    class Mistaken:
        count: int = 3

    with pytest.raises(TypeError, match="Mistaken.count declares no parameter"):
        parameter_specs(Mistaken)
