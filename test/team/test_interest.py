"""What the team looks for, as a text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mininet_ros.team.errors import TeamError
from mininet_ros.team.interest import Interest, parse_interest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Interest()),
        ("SignSymbol", Interest({"SignSymbol": 1.0})),
        ("SignSymbol: 2, Car: 0.5", Interest({"SignSymbol": 2.0, "Car": 0.5})),
        ("Car: 0", Interest({"Car": 0.0})),
        ("Car from 10 until 20.5", Interest({"Car": 1.0}, 10.0, 20.5)),
        ("Car: 3 until 20", Interest({"Car": 3.0}, None, 20.0)),
        (" Car ,  fromage: 2 from 7 ", Interest({"Car": 1.0, "fromage": 2.0}, 7.0)),
    ],
)
def test_texts_are_read(text, expected):
    assert parse_interest(text) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Car: much", "must be a number"),
        ("Car, Car", "named twice"),
        ("Car: -1", "give 0 to 100"),
        ("Car: 101", "give 0 to 100"),
        ("Car: nan", "give 0 to 100"),
        ("Car from 1.2.3", "cannot be read"),
        ("x" * 2001, "more than 2000"),
    ],
)
def test_texts_that_cannot_be_used_are_named(text, part):
    with pytest.raises(TeamError, match=part):
        parse_interest(text)


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text):
    with contextlib.suppress(TeamError):
        parse_interest(text)


def test_weights_take_the_place_of_the_robots_own():
    interest = Interest({"Car": 3.0, "Sign": 0.0, "Lamp": 1.0})
    own = {"Sign": 1.0, "Tree": 0.5}
    assert interest.applied_to(own, ("Car", "Sign", "Tree")) == {"Tree": 0.5, "Car": 3.0}
    assert interest.unknown(("Car", "Sign", "Tree")) == ["Lamp"]


def test_the_time_bounds_it():
    interest = Interest({"Car": 1.0}, 10.0, 20.0)
    assert [interest.valid_at(now) for now in (9.9, 10.0, 20.0, 20.1)] == [False, True, True, False]
    assert Interest({"Car": 1.0}).valid_at(0.0)
