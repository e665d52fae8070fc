"""What goes with a message, and the receipt: bytes that others may have made."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mininet_ros.team.envelope import Envelope, Receipt, Status
from mininet_ros.team.keys import checked_robot_name, parse_robot_token, robot_token

SENDER = "0123456789abcdef"


def test_an_envelope_comes_back_as_it_was():
    envelope = Envelope(SENDER, 2**63, 1_700_000_000_123_456_789, True)
    assert Envelope.unpack(envelope.pack()) == envelope
    assert len(envelope.pack()) == 26


def test_a_receipt_comes_back_as_it_was():
    receipt = Receipt(SENDER, 12, Status.NAME_TAKEN, -5)
    assert Receipt.unpack(receipt.pack()) == receipt


@given(st.binary(max_size=60))
def test_other_bytes_are_refused_with_a_value_error(content):
    for kind in (Envelope, Receipt):
        with contextlib.suppress(ValueError):
            assert len(kind.unpack(content).pack()) == len(content)


def test_another_version_is_refused():
    content = bytearray(Envelope(SENDER, 1, 2, False).pack())
    content[0] = 2
    with pytest.raises(ValueError, match="no envelope of version 1"):
        Envelope.unpack(bytes(content))


def test_tokens_name_robot_and_sender():
    assert parse_robot_token(robot_token("fleet/robot1", SENDER)) == ("fleet/robot1", SENDER)
    for key in ("robot1/team/robot/xyz", f"1/team/robot/{SENDER}", f"team/robot/{SENDER}", ""):
        assert parse_robot_token(key) is None


def test_a_namespace_names_a_robot():
    assert checked_robot_name("/fleet/robot1") == "fleet/robot1"
