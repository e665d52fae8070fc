"""The core starts without ROS and the CPU path without PyTorch, whatever is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ("*.py", "cli/*.py", "demo/*.py", "images/*.py", "inference/__init__.py")
CORE += ("inference/onnx_runtime.py", "keyframes/**/*.py", "offline/*.py", "sequences/*.py")
NODES = ("nodes/**/*.py",)


FOR_LAUNCH_FILES = ("launching.py", "launch_arguments.py", "recipes.py")


def import_without(forbidden: str, rooms: tuple[str, ...]) -> None:
    """Import modules in a new interpreter where the import of one other module fails."""
    paths = [path for room in rooms for path in sorted((ROOT / "mininet_ros").glob(room))]
    if importlib.util.find_spec("launch_ros") is None:
        paths = [path for path in paths if path.name not in FOR_LAUNCH_FILES]
    paths = [path for path in paths if path.name != "__main__.py"]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    program = "import importlib, sys; sys.modules[sys.argv[1]] = None\n"
    program += "for name in sys.argv[2:]: importlib.import_module(name)"
    command = [sys.executable, "-c", program, forbidden]
    command += [name.removesuffix(".__init__") for name in names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_core_starts_without_ros():
    import_without("rclpy", CORE)


def test_core_starts_without_pytorch():
    import_without("torch", CORE)


def test_nodes_start_without_pytorch():
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    import_without("torch", NODES)
