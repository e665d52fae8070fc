"""What stands beside the code agrees with it: versions, distributions, licences, changelog."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

import mininet_ros

ROOT = Path(__file__).parents[2]

if not (ROOT / "CHANGELOG.rst").is_file():
    pytest.skip("needs the source checkout", allow_module_level=True)


def test_changelog_has_the_form_that_catkin_tools_read():
    lines = (ROOT / "CHANGELOG.rst").read_text().splitlines()
    assert lines[1] == "Changelog for package mininet_ros"
    sections = [(title, rule) for title, rule in pairwise(lines) if re.fullmatch("-+", rule)]
    titles = [title for title, _ in sections]
    assert titles[0] == "Forthcoming"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\)", title) for title in titles[1:])
    assert titles[1].split()[0] == mininet_ros.__version__
    assert all(len(title) == len(rule) for title, rule in sections)


def test_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == mininet_ros.__version__


def test_notice_names_every_shipped_model_and_its_licence():
    notice = " ".join((ROOT / "NOTICE").read_text().split())
    for card in sorted((ROOT / "models").glob("*/model.yaml")):
        assert f"models/{card.parent.name}" in notice
        licence = yaml.safe_load(card.read_text())["data"]["licence"]
        assert "CC BY-NC 4.0" not in licence or "CC BY-NC 4.0" in notice


def test_readme_and_manifest_name_the_distributions_that_are_tested():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    distributions = workflow["jobs"]["ros"]["strategy"]["matrix"]["distribution"]
    manifest = (ROOT / "package.xml").read_text()
    for name in distributions:
        assert name.capitalize() in manifest, name
    first, last = distributions[0].capitalize(), distributions[-2].capitalize()
    assert f"{first} to {last}" in (ROOT / "README.md").read_text()


def test_the_manifest_says_where_the_package_lives():
    manifest = ElementTree.parse(ROOT / "package.xml").getroot()
    assert {url.get("type") for url in manifest.findall("url")} == {
        "website",
        "repository",
        "bugtracker",
    }
    assert manifest.find("author") is not None


def test_pre_commit_formats_with_the_pinned_ruff():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    ruff = next(hook for hook in hooks if hook["repo"].endswith("ruff-pre-commit"))
    assert f"ruff=={ruff['rev'].removeprefix('v')}" in (ROOT / ".ci" / "pins.txt").read_text()
