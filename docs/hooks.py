"""What the pages take from the repository while they are built (hooks of mkdocs)."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PICTURE = "street.jpg"
# A role of Sphinx, as docstrings have it, after Markdown has made code of the name.
ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):<code>~?([\w.]+)</code>")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the README's picture, which lies beside the package."""
    picture = Path(config.config_file_path).parent / "resource" / PICTURE
    files.append(File.generated(config, PICTURE, content=picture.read_bytes()))
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Show the names in the roles of docstrings without the roles."""
    return ROLE.sub(r"<code>\1</code>", html)
