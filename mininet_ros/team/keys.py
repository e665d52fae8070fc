"""Names of robots, and the Zenoh keys of their messages.

A message's key is the name of its ROS topic without the leading slash, and its payload is the
serialised message (CDR with its four byte header). zenoh-bridge-ros2dds routes topics the same way,
so a base station may run that bridge in place of ``team_base_node``. Beside the topics there are:

- ``<robot>/team/robot/<sender>``: liveliness token of a robot's link, which ends with its contact.
- ``team/base/<sender>``: liveliness token of a base station that sends receipts.
- ``<robot>/team/views``: descriptions of the views that a robot sends; on ``team/views`` the base
  station passes them on, with the name of the robot as attachment.
- ``<robot>/team/receipt``: receipts of the base station, see :mod:`mininet_ros.team.envelope`.
"""

from __future__ import annotations

import re

from mininet_ros.team.errors import TeamError

# Order of sending: the image comes last, because it completes the frame.
TEAM_TOPICS = {
    "camera_info": "team/camera_info",
    "mask": "team/mask/compressed",
    "image": "team/image/compressed",
}

INTEREST_TOPIC = "team/interest"

VIEWS = "views"
VIEWS_TOPIC = "team/views"
MESSAGES = {VIEWS: VIEWS_TOPIC, **TEAM_TOPICS}
"""All messages that a robot sends for a frame, in the order of sending."""

ALL_ROBOTS = "**/team/robot/*"
ALL_BASES = "team/base/*"

_NAME = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
_TOKEN = re.compile(r"(?P<robot>.+)/team/robot/(?P<sender>[0-9a-f]{16})", re.ASCII)
MAX_NAME = 64


def checked_robot_name(name: str) -> str:
    """Return a robot's name without surrounding slashes.

    Raises:
        TeamError: the name cannot be a namespace of ROS topics.
    """
    bare = name.strip("/")
    if len(bare) > MAX_NAME or not _NAME.fullmatch(bare):
        raise TeamError(
            f"robot_name '{name}' cannot be used: give letters, digits and underscores, beginning "
            f"with a letter, at most {MAX_NAME} characters, as for a ROS namespace"
        )
    return bare


def topic_key(robot: str, topic: str) -> str:
    """Return the key of one of a robot's topics."""
    return f"{robot}/{topic}"


def receipt_key(robot: str) -> str:
    """Return the key on which base stations confirm a robot's messages."""
    return f"{robot}/team/receipt"


def robot_token(robot: str, sender: str) -> str:
    """Return the key of the liveliness token of a robot's link."""
    return f"{robot}/team/robot/{sender}"


def base_token(sender: str) -> str:
    """Return the key of the liveliness token of a base station."""
    return f"team/base/{sender}"


def parse_robot_token(key: str) -> tuple[str, str] | None:
    """Return robot and sender from a token's key; None for a key of another form."""
    match = _TOKEN.fullmatch(key)
    if match is None:
        return None
    try:
        return checked_robot_name(match["robot"]), match["sender"]
    except TeamError:
        return None
