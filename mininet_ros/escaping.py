"""Names that users choose, as text in the formats that results are written in."""

from __future__ import annotations

import re

# At its beginning, a spreadsheet takes the cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&])")


def as_caption(text: str) -> str:
    """Text that OpenCV can draw: printable ASCII, other characters as question marks.

    OpenCV crashes where a string holds half a character, as names that are not UTF-8 do.
    """
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def as_cell(text: str) -> str:
    """A cell of a table that spreadsheets take for text: formulas get an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_markdown(text: str) -> str:
    """Text in which Markdown finds no markup, in one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def as_line(text: str) -> str:
    """Text in one line, in which control characters and half characters are escaped."""
    words = " ".join(text.split())
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in words
    )
