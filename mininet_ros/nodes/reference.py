"""Documentation and configuration files of the nodes, generated from their declarations.

``python -m mininet_ros.nodes.reference`` prints topics and parameters of all nodes as Markdown;
``python -m mininet_ros.nodes.reference --write`` writes the files in ``config/`` that list every
parameter of a node with its default, and the tables in ``docs/``: each stands between two comments,
``<!-- topics of NODE -->`` or ``<!-- parameters of NODE -->``, and ``<!-- end -->``.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from mininet_ros.nodes.camera.image_stream_node import ImageStreamParameters
from mininet_ros.nodes.camera.topics import ENDPOINTS as CAMERA
from mininet_ros.nodes.cloud.parameters import SemanticCloudParameters
from mininet_ros.nodes.cloud.topics import ENDPOINTS as CLOUD
from mininet_ros.nodes.common.endpoints import Endpoints, type_name
from mininet_ros.nodes.keyframes.parameters import KeyframeParameters
from mininet_ros.nodes.keyframes.topics import ENDPOINTS as KEYFRAMES
from mininet_ros.nodes.recorder.parameters import StreamRecorderParameters
from mininet_ros.nodes.recorder.topics import ENDPOINTS as RECORDER
from mininet_ros.nodes.segmentation.parameters import SegmentationParameters
from mininet_ros.nodes.segmentation.topics import ENDPOINTS as SEGMENTATION
from mininet_ros.nodes.team.parameters import TeamBaseParameters
from mininet_ros.nodes.team.topics import ENDPOINTS as TEAM_BASE
from mininet_ros.parameters import Change, ParameterSpec, parameter_specs
from mininet_ros.share import share_folder

_COLUMNS = 100
_INDENT = " " * 4


@dataclass(frozen=True)
class NodeReference:
    """A node that users start.

    Attributes:
        executable: name of the executable for ``ros2 run mininet_ros``.
        name: name of the node.
        summary: one sentence that says what the node does.
        parameters: dataclass of the node's parameters.
        endpoints: topics and services of the node.
        config: file in ``config/`` that lists all parameters of the node; "" for none.
        example: command that uses the file; changeable: command that changes a parameter.
    """

    executable: str
    name: str
    summary: str
    parameters: type
    endpoints: Endpoints
    config: str = ""
    example: str = ""
    changeable: str = ""


NODES = (
    NodeReference(
        "segmentation_node",
        "segmentation",
        "Labels every pixel of a camera's images with MiniNet-v2.",
        SegmentationParameters,
        SEGMENTATION,
        "segmentation.yaml",
        "ros2 launch mininet_ros segment.launch.py params_file:=my_copy.yaml",
        "ros2 param set /segmentation mask_size network",
    ),
    NodeReference(
        "keyframe_selector_node",
        "keyframe_selector",
        "Forwards the frames of a camera that are worth it: for mapping, and for team mates.",
        KeyframeParameters,
        KEYFRAMES,
        "keyframes.yaml",
        "ros2 launch mininet_ros keyframes.launch.py preset:=slam params_file:=my_copy.yaml",
        "ros2 param set /keyframe_selector min_gap_s 0.5",
    ),
    NodeReference(
        "semantic_cloud_node",
        "semantic_cloud",
        "Publishes the points of a depth image with the classes of a label mask.",
        SemanticCloudParameters,
        CLOUD,
        "semantic_cloud.yaml",
        "ros2 launch mininet_ros cloud.launch.py params_file:=my_copy.yaml",
        "ros2 param set /semantic_cloud step 2",
    ),
    NodeReference(
        "team_base_node",
        "team_base",
        "Republishes what the robots of a team send over Zenoh as ordinary ROS 2 topics.",
        TeamBaseParameters,
        TEAM_BASE,
    ),
    NodeReference(
        "image_stream_node",
        "image_stream",
        "Publishes a video, a folder, a camera or a generated sequence as camera images.",
        ImageStreamParameters,
        CAMERA,
    ),
    NodeReference(
        "stream_recorder_node",
        "stream_recorder",
        "Records a segmented stream: pictures, a contact sheet, and summary.json.",
        StreamRecorderParameters,
        RECORDER,
    ),
)


def parameters_markdown(node: NodeReference) -> str:
    """Return a node's parameters as a Markdown table."""
    lines = ["| parameter | type | default | values | takes effect | meaning |", "|" + "---|" * 6]
    for spec in parameter_specs(node.parameters):
        values = ", ".join(f"`{choice}`" for choice in spec.choices) or spec.limits
        cells = (
            f"`{spec.name}`",
            _type_name(spec),
            f"`{_yaml_value(spec.default)}`",
            values,
            _EFFECT[spec.change],
            spec.description,
        )
        lines.append(_row(*cells))
    return "\n".join(lines) + "\n"


def topics_markdown(node: NodeReference) -> str:
    """Return a node's topics and services as a Markdown table."""
    lines = ["| | topic or service | type | QoS | |", "|" + "---|" * 5]
    for way, topics in (("in", node.endpoints.inputs), ("out", node.endpoints.outputs)):
        for topic in topics:
            kind = topic.type_name.replace("/msg/", "/")
            lines.append(_row(way, f"`{topic.name}`", kind, topic.qos_text, topic.meaning))
    for service in node.endpoints.services:
        kind = type_name(service.type).replace("/srv/", "/")
        lines.append(_row("service", f"`{service.name}`", kind, "", service.meaning))
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def nodes_markdown() -> str:
    """Return the nodes that users start, with topics and parameters, as Markdown."""
    return "\n".join(
        f"## {node.name} (`{node.executable}`)\n\n{node.summary}\n\n"
        f"{topics_markdown(node)}\n{parameters_markdown(node)}"
        for node in NODES
    )


_TABLES = {"topics": topics_markdown, "parameters": parameters_markdown}
_PLACE = re.compile(r"(<!-- (\w+) of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page_markdown(text: str) -> str:
    """Return a page with all tables of nodes as the code has them now.

    Raises:
        KeyError: the page names a table or a node that does not exist.
    """
    nodes = {node.name: node for node in NODES}
    return _PLACE.sub(
        lambda found: f"{found[1]}\n{_TABLES[found[2]](nodes[found[3]])}\n{found[4]}", text
    )


def parameters_yaml(node: NodeReference) -> str:
    """Return a ROS 2 parameter file with every parameter of a node and its default."""
    lines = [
        f"# Parameters of the node {node.name}, with their defaults. Made from the node's own",
        "# declarations by `python -m mininet_ros.nodes.reference --write`: do not edit it here.",
        "#",
        f"#     {node.example}",
        "#",
        "# A copy needs only what it changes. Those marked * can be changed while the node runs,",
        "# those marked + take effect when the node is configured again (ros2 lifecycle):",
        "#",
        f"#     {node.changeable}",
        "",
        "/**: # whatever the node's namespace and name",
        "  ros__parameters:",
    ]
    for number, spec in enumerate(parameter_specs(node.parameters)):
        if number:
            lines.append("")
        lines += _comment(spec)
        lines.append(f"{_INDENT}{spec.name}: {_yaml_value(spec.default)}")
    return "\n".join(lines) + "\n"


_MARKS = {Change.NEVER: "", Change.ON_CONFIGURE: "+ ", Change.AT_ONCE: "* "}
_EFFECT = {Change.NEVER: "at start", Change.ON_CONFIGURE: "on configure", Change.AT_ONCE: "at once"}


def _comment(spec: ParameterSpec) -> Iterator[str]:
    text = _MARKS[spec.change] + spec.description
    if spec.limits:
        text += f" From {spec.limits}."
    elif spec.choices:
        text += f" One of {spec.allowed}."
    prefix = f"{_INDENT}# "
    yield from textwrap.wrap(
        text, _COLUMNS, initial_indent=prefix, subsequent_indent=prefix, break_on_hyphens=False
    )


def _yaml_value(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=_COLUMNS)
    return text.removesuffix("\n").removesuffix("\n...")


def _type_name(spec: ParameterSpec) -> str:
    names = {bool: "bool", int: "integer", float: "double", str: "string", list: "string array"}
    return names[type(spec.default)]


def main() -> int:
    """Print the Markdown, or write the files; return the exit status."""
    parser = argparse.ArgumentParser(description="Topics and parameters of the nodes.")
    parser.add_argument(
        "--write", action="store_true", help="write the files in config/ and the tables in docs/"
    )
    if not parser.parse_args().write:
        print(nodes_markdown())
        return 0
    for node in NODES:
        if node.config:
            path = share_folder() / "config" / node.config
            _replace(path, parameters_yaml(node))
    for path in sorted((share_folder() / "docs").glob("*.md")):
        _replace(path, page_markdown(path.read_text(encoding="utf-8")))
    return 0


def _replace(path: Path, text: str) -> None:
    """Write a file whose text has changed, and name it."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    sys.exit(main())
