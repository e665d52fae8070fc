"""The Fast DDS profile that lets camera images through, set before ROS starts.

The stock shared-memory segment of Fast DDS is smaller than one colour image; what finds no room in
it is lost (``config/fastdds_images.xml`` says more). The publisher's side decides.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

from rclpy.utilities import get_rmw_implementation_identifier

from mininet_ros.share import share_folder

# Fast DDS 2 (Humble, Jazzy) reads the first name, Fast DDS 3 (Kilted and later) the second.
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
# Fast DDS reads these from the working directory where no variable names a file.
PROFILE_FILES = ("DEFAULT_FASTRTPS_PROFILES.xml", "DEFAULT_FASTDDS_PROFILES.xml")
_FAST_DDS_2 = ("humble", "iron", "jazzy")


def image_profile() -> Path:
    """Return the path of the shipped profile."""
    return share_folder() / "config" / "fastdds_images.xml"


def is_fast_dds() -> bool:
    """Return whether this process talks through Fast DDS."""
    return get_rmw_implementation_identifier().startswith("rmw_fastrtps")


def use_image_profile(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Let this process use the shipped profile, unless its user has chosen; before ``rclpy.init``.

    A variable that is set but empty is a choice as well: the stock transport.

    Args:
        environment: is changed.

    Returns:
        Whether the shipped profile is used.
    """
    chosen = any(name in environment for name in PROFILE_VARIABLES)
    chosen = chosen or any(Path(name).is_file() for name in PROFILE_FILES)
    if chosen or not is_fast_dds():
        return False
    environment.update(dict.fromkeys(PROFILE_VARIABLES, str(image_profile())))
    return True


def lost_images_advice() -> str:
    """Return what to do where the images of a publisher outside this package get lost."""
    if not is_fast_dds():
        return "give the middleware of both ends more room for large messages"
    old = os.environ.get("ROS_DISTRO", _FAST_DDS_2[-1]) in _FAST_DDS_2
    variable = PROFILE_VARIABLES[0 if old else 1]
    return f"start the camera driver after `export {variable}={image_profile()}`"
