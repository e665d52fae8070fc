"""What the recipes' launch files share: programs of other packages, where they are installed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ament_index_python.packages import get_packages_with_prefixes
from launch import LaunchContext
from launch_ros.actions import Node


def is_installed(package: str) -> bool:
    """Return whether a ROS package is installed where this launch looks."""
    return package in get_packages_with_prefixes()


def how_to_install(package: str, purpose: str, context: LaunchContext) -> str:
    """Return the sentence that says which package is missing, and how to install it.

    Args:
        package: name of the ROS package.
        purpose: what needs it.
        context: knows the ROS distribution.
    """
    distribution = context.environment.get("ROS_DISTRO", "$ROS_DISTRO")
    name = f"ros-{distribution}-{package.replace('_', '-')}"
    return f"{purpose} needs {package}, which is not installed: sudo apt install {name}"


def foreign_node(
    context: LaunchContext,
    package: str,
    executable: str,
    purpose: str,
    parameters: Sequence[object] = (),
    remappings: Mapping[str, str] | None = None,
    **options: Any,
) -> Node:
    """Return a node of another package.

    Args:
        context: knows the values of the arguments.
        package, executable: what is started.
        purpose: what needs it, for the sentence where it is missing.
        parameters: files and values; the later win.
        remappings: topics in the graph by their names in the node.
        **options: further options of :class:`launch_ros.actions.Node`.

    Raises:
        RuntimeError: the package is not installed.
    """
    if not is_installed(package):
        raise RuntimeError(how_to_install(package, purpose, context))
    values = list(parameters)
    if context.launch_configurations["use_sim_time"]:
        given = context.launch_configurations["use_sim_time"]
        values.append({"use_sim_time": given.lower() == "true"})
    return Node(
        package=package,
        executable=executable,
        parameters=values,
        remappings=list((remappings or {}).items()),
        output="screen",
        **options,
    )


def camera_info_beside(image: str) -> str:
    """Return the topic of the calibration beside a topic of images."""
    return str(PurePosixPath(image).with_name("camera_info"))


def absolute(topic: str, namespace: str) -> str:
    """Return the name of a topic in the graph, as a node in the namespace means it."""
    if topic.startswith("/"):
        return topic
    return "/" + "/".join(filter(None, (namespace.strip("/"), topic)))


def layout_for(layout: Path, topics: Mapping[str, str]) -> Path:
    """Return a Foxglove layout that shows other topics; a copy, unless all names are the same.

    Args:
        layout: the shipped layout.
        topics: names in the graph by the names in the layout.
    """
    moved = {old: new for old, new in topics.items() if old != new}
    if not moved:
        return layout
    content = _renamed(json.loads(layout.read_text(encoding="utf-8")), moved)
    copy = Path(tempfile.mkdtemp(prefix="mininet_ros_")) / layout.name
    copy.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return copy


def _renamed(value: object, names: Mapping[str, str]) -> object:
    """Return JSON content with other names of topics: as keys, values, and before message paths."""
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry, names) for entry in value]
    if isinstance(value, str):
        topic, dot, field = value.partition(".")
        return names.get(topic, topic) + dot + field
    return value
