"""Segmentation nodes of several cameras in one process, each in its own namespace.

One process takes less memory than one process for each camera. But the nodes share the lock of one
interpreter: masks come later, and fewer of them where the cores are busy. ``mininet_ros benchmark
--node --cameras 4`` measures both arrangements.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from rclpy.exceptions import InvalidNamespaceException
from rclpy.node import Node
from rclpy.validate_namespace import validate_namespace

from mininet_ros.inference import BackendError
from mininet_ros.models import ModelError
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_nodes
from mininet_ros.nodes.segmentation.parameters import SegmentationParameters
from mininet_ros.nodes.segmentation.segmentation_node import SegmentationNode
from mininet_ros.parameters import ParameterError, parameter


@dataclass(frozen=True)
class GroupParameters:
    """Parameter with the namespaces; each node declares its own other parameters."""

    namespaces: tuple[str, ...] = parameter(
        ("camera",), "Namespaces of the segmentation nodes, one for each camera."
    )


@dataclass(frozen=True)
class ProcessParameters:
    """All parameters of the process."""

    group: GroupParameters = field(default_factory=GroupParameters)
    each: SegmentationParameters = field(default_factory=SegmentationParameters)


def make_group() -> list[SegmentationNode]:
    """Make a segmentation node in each namespace; other parameters apply to all nodes.

    Raises:
        ParameterError: a parameter override is wrong.
        ModelError, BackendError: the segmenter cannot be created.
    """
    nodes: list[SegmentationNode] = []
    try:
        for namespace in _namespaces():
            nodes.append(SegmentationNode(namespace=namespace))
    except BaseException:
        for node in nodes:
            node.close()
            node.destroy_node()
        raise
    return nodes


def _namespaces() -> tuple[str, ...]:
    node = Node("segmentation_group", start_parameter_services=False)
    try:
        if node.get_namespace() != "/":
            raise ParameterError(
                "__ns:= would put the nodes of all cameras into one namespace: "
                "set the parameter namespaces instead"
            )
        return NodeParameters(node, GroupParameters, check=_problem).values.namespaces
    finally:
        node.destroy_node()


def _problem(values: GroupParameters) -> str | None:
    full = [f"/{namespace.lstrip('/')}" for namespace in values.namespaces]
    if len(set(full)) < len(full):
        return f"parameter namespaces names a namespace twice: {', '.join(values.namespaces)}"
    for namespace in full:
        try:
            validate_namespace(namespace)
        except InvalidNamespaceException as error:
            reason = str(error).splitlines()[0].rstrip(":")
            return f"parameter namespaces has {namespace.lstrip('/')!r}: {reason}"
    return None


def main() -> int:
    """Run the nodes as a process; return its exit status."""
    return run_nodes(
        "segmentation_group",
        "Labels every pixel of several cameras' images, all in this process.",
        ProcessParameters,
        lambda finish: make_group(),
        expected_errors=(ModelError, BackendError),
    )


if __name__ == "__main__":
    sys.exit(main())
