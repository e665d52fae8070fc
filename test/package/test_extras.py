"""What is missing is named with a line that pip understands, wherever the package comes from."""

from __future__ import annotations

import importlib.metadata
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from mininet_ros.extras import missing_extra, missing_module

ROOT = Path(__file__).parents[2]
NOT_ON_PYPI = re.compile(r"pip install\s+'?mininet_ros\[|install mininet_ros\[")


@pytest.fixture
def requirements(monkeypatch) -> dict[str, list[str]]:
    setuptools = pytest.importorskip("setuptools")
    if not (ROOT / "setup.py").is_file():
        pytest.skip("needs the source checkout")
    given: dict = {}
    monkeypatch.setattr(setuptools, "setup", given.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    lines = [
        f'{line}; extra == "{name}"' for name, ls in given["extras_require"].items() for line in ls
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: ["numpy>=1.21", *lines])
    return given["extras_require"]


def words_of(sentence: str) -> list[str]:
    return shlex.split(sentence[sentence.index(sys.executable) :])


def test_every_extra_has_a_line_with_its_packages(requirements):
    for extra, packages in requirements.items():
        sentence = missing_extra("this", extra)
        assert words_of(sentence) == [sys.executable, "-m", "pip", "install", *packages]
        assert "\n" not in sentence


@pytest.mark.parametrize(
    ("module", "extra"),
    [("torch", "train"), ("PIL.Image", "train"), ("zenoh", "team"), ("supervision", "labels")],
)
def test_a_module_is_found_in_the_extra_that_its_users_want(requirements, module, extra):
    sentence = missing_module(module)
    assert sentence.startswith(f"{module.partition('.')[0]} is not installed")
    assert words_of(sentence)[4:] == requirements[extra]


def test_a_module_of_no_extra_is_installed_by_its_package(requirements):
    assert words_of(missing_module("cv2"))[4:] == ["opencv-python-headless"]


def test_a_package_that_nobody_installed_names_the_checkout(monkeypatch):
    def unknown(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", unknown)
    assert "pip install '.[team]'" in missing_extra("the link", "team")


def test_nobody_names_an_extra_as_if_it_were_on_pypi():
    if not (ROOT / "docs").is_dir():
        pytest.skip("needs the source checkout")
    files = [*(ROOT / "mininet_ros").rglob("*.py"), *(ROOT / "docs").glob("*.md")]
    files += [ROOT / "README.md", *(ROOT / "launch").glob("*.py")]
    named = [
        str(file)
        for file in files
        if file.name != "extras.py" and NOT_ON_PYPI.search(file.read_text(encoding="utf-8"))
    ]
    assert not named
