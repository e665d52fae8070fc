"""Configuration files and documentation of the nodes agree with the nodes' declarations."""

from __future__ import annotations

import pytest
import yaml
from ros_graph import ROOT

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from mininet_ros.nodes.reference import (
    NODES,
    nodes_markdown,
    page_markdown,
    parameters_markdown,
    parameters_yaml,
    topics_markdown,
)
from mininet_ros.parameters import parameter_specs, to_values

PAGES = sorted((ROOT / "docs").glob("*.md"))
WITH_FILE = [node for node in NODES if node.config]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_declarations_agree_with_themselves(node):
    specs = parameter_specs(node.parameters)
    assert len({spec.name for spec in specs}) == len(specs)
    for spec in specs:
        assert spec.problem(spec.default) is None
        assert spec.description[0].isupper() and spec.description.endswith("."), spec.name
        assert (spec.minimum is None) == (spec.maximum is None)
        first = spec.default[0] if isinstance(spec.default, list) else spec.default
        bounded = spec.minimum is not None or bool(spec.choices)
        assert type(first) not in (int, float) or bounded, f"{spec.name} needs a range"


@pytest.mark.parametrize("node", WITH_FILE, ids=lambda node: node.name)
def test_the_configuration_file_is_the_one_that_the_declarations_make(node):
    """``python -m mininet_ros.nodes.reference --write`` makes it anew."""
    written = (ROOT / "config" / node.config).read_text(encoding="utf-8")
    assert written == parameters_yaml(node)
    assert max(map(len, written.splitlines())) <= 100


@pytest.mark.parametrize("node", WITH_FILE, ids=lambda node: node.name)
def test_the_configuration_file_holds_every_default_in_its_type(node):
    (section,) = yaml.safe_load(parameters_yaml(node)).values()
    defaults = to_values(node.parameters())
    assert section["ros__parameters"] == defaults
    assert {n: type(v) for n, v in section["ros__parameters"].items()} == {
        n: type(v) for n, v in defaults.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tables_of_a_page_are_those_that_the_code_makes(page):
    """``python -m mininet_ros.nodes.reference --write`` makes them anew."""
    written = page.read_text(encoding="utf-8")
    assert written == page_markdown(written)


def test_the_page_of_nodes_has_both_tables_of_every_node():
    written = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
    for node in NODES:
        assert f"<!-- topics of {node.name} -->\n\n{topics_markdown(node)}" in written
        assert f"<!-- parameters of {node.name} -->\n\n{parameters_markdown(node)}" in written


def test_a_page_that_is_not_current_is_noticed():
    written = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
    outdated = written.replace("best effort, depth 5", "reliable, depth 1", 1)
    assert page_markdown(outdated) == written != outdated


def test_the_documentation_names_every_parameter_of_every_node():
    text = nodes_markdown()
    for node in NODES:
        table = parameters_markdown(node)
        assert table in text
        rows = table.splitlines()[2:]
        assert [row.split("`")[1] for row in rows] == [
            spec.name for spec in parameter_specs(node.parameters)
        ]
