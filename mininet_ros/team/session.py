"""Zenoh session of a robot or base station: one connection, no discovery, small buffers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_ros.extras import missing_extra
from mininet_ros.team.errors import TeamError

if TYPE_CHECKING:
    import zenoh

MAX_MESSAGE_BYTES = 4_000_000
"""The largest message that a robot sends and a base station takes."""

# Contact is lost after this silence. TCP backs off: after a longer silence, a new connection
# carries data sooner than the old one, which waits as long again as it has already waited.
LEASE_MS = 4000
KEEP_ALIVES_PER_LEASE = 2

# Delay before a connection is tried again, and timeout of one attempt.
RETRY_MS = 500
OPEN_MS = 3000

# A lease would end during a batch that takes longer to send: 8 kB at 16 kbit/s.
BATCH_BYTES = 8192

# Data in the kernel's buffer can be neither reordered nor withdrawn, and all of it may be queued at
# the radio at once. Linux doubles the figure and counts its own overhead: 10 kB of data.
SEND_BUFFER_BYTES = 8192

_ENDPOINT = re.compile(r"(tcp|tls|udp|quic|ws)/.+:\d+([?#].*)?")

# The base station does not even route keys that do not belong to a team.
_TEAM_ONLY = {
    "enabled": True,
    "default_permission": "deny",
    "rules": [
        {
            "id": "team",
            "permission": "allow",
            "flows": ["ingress", "egress"],
            "messages": [
                "put",
                "declare_subscriber",
                "liveliness_token",
                "liveliness_query",
                "declare_liveliness_subscriber",
            ],
            "key_exprs": ["**/team/**"],
        }
    ],
    "subjects": [{"id": "everybody"}],
    "policies": [{"rules": ["team"], "subjects": ["everybody"]}],
}


def import_zenoh() -> Any:
    """Return the module ``zenoh``.

    Raises:
        TeamError: Zenoh is not installed.
    """
    try:
        import zenoh
    except ImportError as error:
        raise TeamError(missing_extra("the team link over Zenoh", "team")) from error
    return zenoh


def robot_config(endpoints: Sequence[str], config_file: str) -> zenoh.Config:
    """Return the configuration of a robot's session, which connects to one of the endpoints.

    Args:
        endpoints: endpoints such as ``tcp/10.0.0.1:7447``, tried in this order.
        config_file: path of a Zenoh configuration for other settings, such as certificates; empty
            for none.

    Raises:
        TeamError: no endpoint is given, or an endpoint or the file cannot be read.
    """
    if not endpoints:
        raise TeamError(
            "the team link over Zenoh needs the base station's address: set team_endpoints, for "
            "example to ['tcp/10.0.0.1:7447']"
        )
    config = _config("client", config_file)
    _insert(config, "connect/endpoints", _checked("team_endpoints", endpoints))
    _insert(config, "listen/endpoints", [])
    _insert(config, "connect/timeout_ms", 0)
    return config


def base_config(listen: Sequence[str], connect: Sequence[str], config_file: str) -> zenoh.Config:
    """Return the configuration of a base station's session.

    It is a router, so that robots that exchange views reach each other through it.

    Args:
        listen: endpoints for robots, such as ``tcp/0.0.0.0:7447``.
        connect: endpoints of further routers; may be empty.
        config_file: path as for :func:`robot_config`; unless the file has its own access control,
            robots may only use the keys of a team.

    Raises:
        TeamError: an endpoint or the file cannot be read.
    """
    config = _config("router", config_file)
    _insert(config, "listen/endpoints", _checked("listen", listen))
    _insert(config, "connect/endpoints", _checked("connect", connect))
    _insert(config, "listen/exit_on_failure", True)
    _insert(config, "connect/exit_on_failure", False)
    if not json.loads(config.get_json("access_control/enabled")):
        _insert(config, "access_control", _TEAM_ONLY)
    return config


def sentence_of(error: Exception) -> str:
    """Return the message of a Zenoh error, without the location in Zenoh's source."""
    return " ".join(str(error).split()).partition(" at /")[0].rstrip(" !.")


def _config(mode: str, config_file: str) -> zenoh.Config:
    module = import_zenoh()
    if config_file and not Path(config_file).is_file():
        raise TeamError(f"team_config '{config_file}' is no file: give a Zenoh configuration")
    try:
        config = module.Config.from_file(config_file) if config_file else module.Config()
    except module.ZError as error:
        raise TeamError(
            f"team_config '{config_file}' cannot be read: {sentence_of(error)}"
        ) from error
    retry = {"period_init_ms": RETRY_MS, "period_max_ms": RETRY_MS, "period_increase_factor": 1.0}
    for key, value in {
        "mode": mode,
        "scouting/multicast/enabled": False,
        "scouting/gossip/enabled": False,
        "connect/retry": retry,
        "transport/shared_memory/enabled": False,
        "transport/unicast/open_timeout": OPEN_MS,
        "transport/link/tx/lease": LEASE_MS,
        "transport/link/tx/keep_alive": KEEP_ALIVES_PER_LEASE,
        "transport/link/tx/batch_size": BATCH_BYTES,
        "transport/link/rx/max_message_size": MAX_MESSAGE_BYTES,
        "transport/link/tcp/so_sndbuf": SEND_BUFFER_BYTES,
        "transport/link/tls/so_sndbuf": SEND_BUFFER_BYTES,
    }.items():
        _insert(config, key, value)
    return config


def _checked(name: str, endpoints: Sequence[str]) -> list[str]:
    for endpoint in endpoints:
        if not _ENDPOINT.fullmatch(endpoint):
            raise TeamError(
                f"{name} '{endpoint}' is no Zenoh endpoint: write <protocol>/<address>:<port>, "
                "for example tcp/10.0.0.1:7447"
            )
    return list(endpoints)


def _insert(config: zenoh.Config, key: str, value: object) -> None:
    config.insert_json5(key, json.dumps(value))
