"""What the pages take from the repository while they are built (hooks of mkdocs)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from mininet_ros.nodes.reference import NODES, parameters_markdown

PARAMETERS = re.compile(r"<!-- parameters of (\w+) -->")
PICTURE = "street.jpg"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the README's picture, which lies beside the package."""
    picture = Path(config.config_file_path).parent / "resource" / PICTURE
    files.append(File.generated(config, PICTURE, content=picture.read_bytes()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the table of a node's parameters where a page names the node.

    Raises:
        KeyError: there is no such node.
    """
    nodes = {node.name: node for node in NODES}
    return PARAMETERS.sub(lambda found: parameters_markdown(nodes[found[1]]), markdown)
