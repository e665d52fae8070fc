"""A claimed ROS domain is nobody else's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mininet_ros.demo.domain import DomainError, claimed_domain

TWO = (230, 231)
CLAIM = """
import sys
from mininet_ros.demo.domain import claimed_domain
with claimed_domain((230, 231)) as domain:
    print(domain, flush=True)
    sys.stdin.read()
"""


def test_two_processes_claim_two_domains_and_a_killed_one_gives_its_own_back():
    others = []
    try:
        for _ in TWO:
            other = subprocess.Popen(
                [sys.executable, "-c", CLAIM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            others.append(other)
        claimed = [int(other.stdout.readline()) for other in others]
        assert sorted(claimed) == list(TWO)
        with pytest.raises(DomainError, match="all ROS domains from 230 to 231 are in use"):
            claimed_domain(TWO).__enter__()
        others[0].kill()
        others[0].wait()
        with claimed_domain(TWO) as domain:
            assert domain == claimed[0]
    finally:
        for other in others:
            other.kill()
            other.communicate()


def test_the_domain_is_free_again_after_the_context():
    with claimed_domain(TWO) as first, claimed_domain(TWO) as second:
        assert first != second
    with claimed_domain(TWO) as again:
        assert again == first
