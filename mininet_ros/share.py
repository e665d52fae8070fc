"""Location of the package's data files: models, configuration, launch files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "mininet_ros"


def share_folder() -> Path:
    """Return the folder that holds ``models/``, ``config/``, ``launch/`` and ``package.xml``.

    Files beside the imported code come first, so that code and data have the same version: the
    source checkout, or ``share/mininet_ros`` under the prefix of the installed code (a colcon
    workspace, a ROS distribution, a virtual environment, ``pip install --user`` and ``--target``).
    The prefixes in ``AMENT_PREFIX_PATH`` follow in order, then the interpreter's own prefix. No
    ament package is needed: ROS wheels from PyPI come without one and leave ``AMENT_PREFIX_PATH``
    unset.

    Raises:
        FileNotFoundError: no candidate contains the package's files. The message says what to do.
    """
    for folder in _candidates():
        if (folder / "package.xml").is_file():
            return folder
    raise FileNotFoundError(
        f"The data files of {PACKAGE} (models, config, launch) are neither beside the code in "
        f"{Path(__file__).parent} nor under AMENT_PREFIX_PATH or {sys.prefix}: "
        "build the package with colcon, or reinstall it with pip."
    )


def _candidates() -> Iterator[Path]:
    # Resolved, because `colcon build --symlink-install` imports through links into the checkout.
    package = Path(__file__).resolve().parent
    yield package.parent
    for prefix in package.parents:
        yield prefix / "share" / PACKAGE
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix:
            yield Path(prefix) / "share" / PACKAGE
    yield Path(sys.prefix) / "share" / PACKAGE
