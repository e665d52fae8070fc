"""Draws texts as on signs, shops and screens: words, invented words and numbers."""

from __future__ import annotations

import re
import string

import numpy as np

WORDS = re.findall(
    r"\w+",
    """
    open closed exit entrance push pull stop sale new free food fresh coffee tea bakery hotel
    station street road north south east west left right floor level lift stairs platform gate
    bus taxi train metro parking no smoking danger warning caution keep clear fire hose police
    bank market store shop super mini city center office room service information tickets map
    welcome please thank you men women staff only private public library school park garden
    river bridge house monday friday sunday am pm hours daily menu lunch dinner
    """,
)
ONSETS = re.findall(r"\w+", "b c d f g h j k l m n p r s t v w z br ch cl dr fl gr pl sh st th tr")
VOWELS = re.findall(r"\w+", "a e i o u ai ea ee io oo ou")
CODAS = ["", "", "", *re.findall(r"\w+", "l m n r s t x nd ng rt st ck")]
SYMBOLS = "&%!?#+-:."


def draw_text(random: np.random.Generator) -> str:
    """Draw one word without blanks, 1 to about 12 characters of printable ASCII."""
    kind = random.random()
    if kind < 0.45:
        text = str(random.choice(WORDS))
    elif kind < 0.75:
        text = "".join(_syllable(random) for _ in range(random.integers(1, 4)))
    elif kind < 0.93:
        text = _number(random)
    else:
        letters = list(string.ascii_letters + string.digits + SYMBOLS)
        text = "".join(random.choice(letters, random.integers(1, 8)))
    style = random.random()
    if style < 0.45:
        return text.upper()
    return text.capitalize() if style < 0.75 else text


def _syllable(random: np.random.Generator) -> str:
    return "".join(str(random.choice(parts)) for parts in (ONSETS, VOWELS, CODAS))


def _number(random: np.random.Generator) -> str:
    """Draw a count, price, time, telephone number or percentage."""
    a, b, c = (int(value) for value in random.integers(0, 1000, 3))
    forms = (
        f"{a}",
        f"${a}.{b % 100:02}",
        f"{a % 24}:{b % 60:02}",
        f"{a:03}-{b:03}-{c}",
        f"{a % 101}%",
    )
    return forms[random.integers(len(forms))]
