"""The command lines and programs of the documentation, as a reader would copy them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "models").glob("*/README.md"),
    ]
)
FENCE = re.compile(r"^(```+)(\w*)([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
# After an empty line: what follows "!!!" or ":::" at once is no block of code.
INDENTED = re.compile(r"(?<=\n\n)(?: {4}[^\n]*\n)+")
SHELLS = ("", "sh", "bash", "console")
PROMPT = re.compile(r"^\$ ")


@dataclass(frozen=True)
class Command:
    """One command line.

    Attributes:
        page: of the documentation, relative to the checkout.
        title: of the block that it stands in.
        words: the command line, split as a shell does, without comments.
    """

    page: str
    title: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def commands(page: Path) -> list[Command]:
    """The command lines in a page's fenced and indented blocks of shell."""
    name = str(page.relative_to(ROOT))
    return [
        Command(name, title, words)
        for language, title, text in _blocks(page.read_text(encoding="utf-8"))
        if language in SHELLS
        for words in _lines(text)
    ]


def program(page: Path, title: str) -> str:
    """The Python program in a page's block of a title."""
    for language, found, text in _blocks(page.read_text(encoding="utf-8")):
        if language == "python" and found == title:
            return text
    raise LookupError(f"{page} has no Python block {title!r}")


def _blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Language, title and content of each block."""
    for fence in FENCE.finditer(text):
        title = re.search(r'title="([^"]*)"', fence[3])
        yield fence[2], title[1] if title else "", fence[4]
    for block in INDENTED.finditer(FENCE.sub("", text)):
        yield "", "", block[0]


def _lines(text: str) -> Iterator[tuple[str, ...]]:
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        for part in line.split("&&"):
            try:
                words = shlex.split(PROMPT.sub("", part.strip()), comments=True)
            except ValueError:
                continue  # An example of a file, not of a command.
            if words:
                yield tuple(words)
