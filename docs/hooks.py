"""What the pages take from the repository while they are built (hooks of mkdocs)."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PICTURE = "street.jpg"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the README's picture, which lies beside the package."""
    picture = Path(config.config_file_path).parent / "resource" / PICTURE
    files.append(File.generated(config, PICTURE, content=picture.read_bytes()))
    return files
