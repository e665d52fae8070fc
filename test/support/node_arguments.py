"""Arguments of nodes that tests start as processes, and what a node says that must not start."""

from __future__ import annotations

from ros_graph import NodeProcess


def parameters(**values: object) -> list[str]:
    return [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]


def error_line(folder, module: str, *ros_arguments: str) -> str:
    """Return the one line of a node that must not start."""
    node = NodeProcess(folder / "process", module, "--ros-args", *ros_arguments)
    try:
        assert node.wait() == 1
        assert node.output == ""
        lines = node.errors.splitlines()
        assert len(lines) == 1, node.errors
        return lines[0]
    finally:
        node.close()
