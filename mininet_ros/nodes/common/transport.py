"""Fast DDS profile with room for camera images, set before ROS starts.

The default shared-memory segment of Fast DDS is smaller than one colour image, and messages without
room in it are lost (see ``config/fastdds_images.xml``). The setting of the publisher decides.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

from rclpy.utilities import get_rmw_implementation_identifier

from mininet_ros.share import share_folder

# Fast DDS 2 (Humble, Jazzy) reads the first name, Fast DDS 3 (Kilted and later) the second.
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
# Fast DDS reads these files in the working directory if no variable names a file.
PROFILE_FILES = ("DEFAULT_FASTRTPS_PROFILES.xml", "DEFAULT_FASTDDS_PROFILES.xml")
_FAST_DDS_2 = ("humble", "iron", "jazzy")


def image_profile() -> Path:
    """Return the path of the shipped profile."""
    return share_folder() / "config" / "fastdds_images.xml"


def is_fast_dds() -> bool:
    """Return whether this process talks through Fast DDS."""
    return get_rmw_implementation_identifier().startswith("rmw_fastrtps")


def use_image_profile(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Select the shipped profile unless the user has chosen one; before ``rclpy.init``.

    A variable that is set but empty is also a choice: the default transport.

    Args:
        environment: environment variables, which are changed.

    Returns:
        True if the shipped profile is used.
    """
    chosen = any(name in environment for name in PROFILE_VARIABLES)
    chosen = chosen or any(Path(name).is_file() for name in PROFILE_FILES)
    if chosen or not is_fast_dds():
        return False
    environment.update(dict.fromkeys(PROFILE_VARIABLES, str(image_profile())))
    return True


def lost_images_advice() -> str:
    """Return advice for lost images of a publisher outside this package."""
    if not is_fast_dds():
        return "give the middleware of both ends more room for large messages"
    old = os.environ.get("ROS_DISTRO", _FAST_DDS_2[-1]) in _FAST_DDS_2
    variable = PROFILE_VARIABLES[0 if old else 1]
    return f"start the camera driver after `export {variable}={image_profile()}`"
