"""What the package says of itself is complete and true."""

from __future__ import annotations

import ast
import importlib.util
import runpy
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import mininet_ros

ROOT = Path(__file__).parents[2]
KEY_OF_MODULE = {
    "cv2": "python3-opencv",
    "numpy": "python3-numpy",
    "onnxruntime": "python3-onnxruntime-pip",
    "tqdm": "python3-tqdm",
    "yaml": "python3-yaml",
}
# Installed by those who train, use the GPU, read bags or link a team: not on every robot (see
# package.xml).
OPTIONAL = {
    "PIL",
    "matplotlib",
    "onnx",
    "av",
    "openvino",
    "pycolmap",
    "rerun",
    "supervision",
    "rosbags",
    "safetensors",
    "torch",
    "zenoh",
}
# Not imported by the package: `ros2 launch` itself.
COMMANDS = {"ros2launch"}

if not (ROOT / "package.xml").is_file():
    pytest.skip("needs the source checkout", allow_module_level=True)


@pytest.fixture
def setup_arguments(monkeypatch):
    setuptools = pytest.importorskip("setuptools")
    arguments = {}
    monkeypatch.setattr(setuptools, "setup", arguments.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    return arguments


@pytest.fixture
def manifest():
    return ElementTree.parse(ROOT / "package.xml").getroot()


def imported_modules() -> set[str]:
    """The top-level names that the package and its launch files import, at whatever depth."""
    names = set()
    for path in [*(ROOT / "mininet_ros").rglob("*.py"), *(ROOT / "launch").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"mininet_ros"}


def test_every_import_is_a_dependency_and_every_dependency_is_imported(manifest):
    needed = {KEY_OF_MODULE.get(name, name) for name in imported_modules() - OPTIONAL}
    declared = {element.text for element in manifest.findall("exec_depend")}
    assert declared - COMMANDS == needed


def test_pip_requirements_are_the_imports(setup_arguments):
    def names(lines: list[str]) -> set[str]:
        return {line.split(">")[0] for line in lines}

    extras = setup_arguments["extras_require"].values()
    module_of = {
        "eclipse-zenoh": "zenoh",
        "opencv-python-headless": "cv2",
        "pillow": "PIL",
        "rerun-sdk": "rerun",
        "PyYAML": "yaml",
    }
    required = {module_of.get(name, name) for name in names(setup_arguments["install_requires"])}
    assert required == set(KEY_OF_MODULE)
    optional = {module_of.get(name, name) for name in set().union(*map(names, extras))}
    assert optional >= imported_modules() & OPTIONAL


def test_one_version_and_one_description(setup_arguments, manifest):
    assert setup_arguments["version"] == mininet_ros.__version__ == manifest.findtext("version")
    assert setup_arguments["description"] == manifest.findtext("description")
    assert setup_arguments["license"] == manifest.findtext("license")


def test_every_command_exists(setup_arguments):
    for line in setup_arguments["entry_points"]["console_scripts"]:
        module, function = line.split("=")[1].strip().split(":")
        source = Path(importlib.util.find_spec(module).origin).read_text()
        functions = {node.name for node in ast.parse(source).body if hasattr(node, "name")}
        assert function in functions, line


def test_every_package_and_every_data_file_is_installed(setup_arguments):
    folders = {path.parent for path in (ROOT / "mininet_ros").rglob("*.py")}
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(setup_arguments["packages"]) == packages

    inside = set()
    for package, patterns in setup_arguments["package_data"].items():
        folder = ROOT.joinpath(*package.split("."))
        inside |= {path for pattern in patterns for path in folder.glob(pattern)}
    needed = {path for path in (ROOT / "mininet_ros").rglob("*.*") if path.suffix != ".py"}
    assert inside == {path for path in needed if "__pycache__" not in path.parts}

    installed = {file for _, files in setup_arguments["data_files"] for file in files}
    for folder in ("config", "launch", "models"):
        for path in (ROOT / folder).rglob("*.*"):
            assert str(path.relative_to(ROOT)) in installed or "__pycache__" in path.parts
