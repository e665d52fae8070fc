"""Launch files under the real launch system, with programs in the place of the nodes."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mininet_ros.nodes.start import MODULES

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
PROFILE = CONFIG / "fastdds_images.xml"
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
DEADLINE_S = 60

LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

arguments = [argument.split(":=", 1) for argument in sys.argv[2:]]
source = PythonLaunchDescriptionSource(sys.argv[1])
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=arguments)])
)
sys.exit(service.run())
"""

NODE = """
import sys
from mininet_ros.nodes.start import start
sys.exit(start("{executable}"))
"""

# Stands in for a node: says what reached it, through the same parsing by ROS, and ends.
PROBE = """
import json, os, rclpy, rclpy.logging
rclpy.init()
node = rclpy.create_node("other", automatically_declare_parameters_from_overrides=True)
values = {{name: parameter.value for name, parameter in node.get_parameters_by_prefix("").items()}}
values.pop("start_type_description_service", None)  # which rclpy declares from Iron on
print("PROBE", json.dumps({{
    "node": node.get_fully_qualified_name(),
    "executable": "{executable}",
    "topics": [node.resolve_topic_name(name) for name in ("image", "camera_info")],
    "parameters": values,
    "environment": dict(os.environ),
    "level": node.get_logger().get_effective_level().name,
    "rcl_level": rclpy.logging.get_logger("rcl").get_effective_level().name,
}}), flush=True)
"""

needs_launch = pytest.mark.skipif(
    importlib.util.find_spec("launch_ros") is None or importlib.util.find_spec("rclpy") is None,
    reason="needs launch_ros, which comes with a ROS distribution",
)


def program_path() -> str:
    """PYTHONPATH of a test file that is run as a program."""
    return os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])


def parameter_file(name: str) -> dict:
    """The parameters of a file in config/."""
    return yaml.safe_load((CONFIG / name).read_text())["/**"]["ros__parameters"]


@pytest.fixture
def launch(tmp_path, ros_domain):
    """Start a launch file with arguments; its nodes are programs of one source."""
    processes = []

    def start(file: str, program: str, *arguments: str, **environment: str) -> subprocess.Popen:
        prefix = tmp_path / "prefix"
        make_package(prefix, program)
        inherited = {
            name: value for name, value in os.environ.items() if name not in PROFILE_VARIABLES
        }
        python_path = os.pathsep.join([str(ROOT), inherited.get("PYTHONPATH", "")])
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(ROOT / "launch" / file), *arguments],
            cwd=tmp_path,
            env=inherited
            | {
                "AMENT_PREFIX_PATH": str(prefix),
                "PYTHONPATH": python_path.rstrip(os.pathsep),
                "ROS_LOG_DIR": str(tmp_path / "log"),
            }
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE_S)


def make_package(prefix: Path, program: str) -> None:
    """Make an installed package whose executables are the program."""
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True, exist_ok=True)
    (index / "mininet_ros").touch()
    folder = prefix / "lib" / "mininet_ros"
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODULES:
        executable = folder / name
        executable.write_text(f"#!{sys.executable}\n{program.format(executable=name)}")
        executable.chmod(0o755)


@pytest.fixture
def probes(launch):
    """Launch stand-ins for the nodes; return what reached them and the whole output."""

    def run(file: str, *arguments: str, **environment: str) -> tuple[dict[str, dict], str]:
        launched = launch(file, PROBE, *arguments, **environment)
        output = launched.communicate(timeout=DEADLINE_S)[0]
        lines = (line.partition("PROBE ")[2] for line in output.splitlines() if "PROBE {" in line)
        seen = [json.loads(line) for line in lines]
        return {probe["node"]: probe for probe in seen}, output

    return run
