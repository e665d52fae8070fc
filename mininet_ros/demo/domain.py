"""A ROS domain that no other graph of this machine uses."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence

# Beyond the usual ones, and of ports that the kernel gives to nobody else.
DOMAINS = range(215, 232)
# A domain's first port, by the specification of DDSI-RTPS.
_FIRST_PORT, _PORTS_OF_A_DOMAIN = 7400, 250


class DomainError(RuntimeError):
    """No ROS domain is free; one sentence."""


@contextlib.contextmanager
def claimed_domain(domains: Sequence[int] = DOMAINS) -> Iterator[int]:
    """Claim a ROS domain for as long as the context lasts.

    The claim is a socket bound to the TCP port of the number that the domain's first UDP port has:
    one process of a network namespace can have it, and it ends with that process, however it ends.

    Args:
        domains: ids to choose from.

    Yields:
        The id.

    Raises:
        DomainError: others have claimed all of them.
    """
    for domain in domains:
        with contextlib.ExitStack() as stack:
            claim = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                claim.bind(("127.0.0.1", _FIRST_PORT + _PORTS_OF_A_DOMAIN * domain))
            except OSError:
                continue
            yield domain
            return
    raise DomainError(
        f"all ROS domains from {domains[0]} to {domains[-1]} are in use on this machine: end one "
        "of the graphs that run (ps -ef | grep mininet_ros)"
    )
