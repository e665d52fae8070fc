"""User-chosen names as text in the formats in which results are written."""

from __future__ import annotations

import re

# A spreadsheet takes a cell that begins with one of these characters as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&])")


def as_caption(text: str) -> str:
    """Return text that OpenCV can draw: a question mark for all but printable ASCII.

    OpenCV crashes on lone surrogates, which appear in names that are not UTF-8.
    """
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def as_cell(text: str) -> str:
    """Return a cell that spreadsheets take as text: formulas get an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_markdown(text: str) -> str:
    """Return one line of text without Markdown markup."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def as_line(text: str) -> str:
    """Return one line of text, with control characters and lone surrogates escaped."""
    words = " ".join(text.split())
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in words
    )
