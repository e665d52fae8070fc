"""What to install for the parts of the package that need more: its extras.

The package is not on PyPI, so that ``pip install 'mininet_ros[train]'`` finds nothing, and a colcon
workspace has no extras. A line that names the packages of an extra serves everybody.
"""

from __future__ import annotations

import shlex
import sys

# Modules that are called otherwise than the package that holds them.
_PACKAGES = {"PIL": "pillow", "cv2": "opencv-python-headless", "yaml": "PyYAML"}
_PACKAGES |= {"rerun": "rerun-sdk", "zenoh": "eclipse-zenoh", "mkdocs": "mkdocs-material"}
# A module may belong to several extras: the first of these is the one that its users want.
_FIRST = ("train", "bags", "team", "labels")


def missing_extra(purpose: str, extra: str) -> str:
    """Return the sentence for a purpose whose packages are not installed.

    Args:
        purpose: what needs them, as the beginning of a sentence: "reading a bag".
        extra: name of the extra in ``setup.py``.
    """
    needed = _extras().get(extra, [])
    names = " and ".join(_name(requirement) for requirement in needed) or f"the extra {extra}"
    return f"{purpose} needs {names}: {_line(needed, extra)}"


def missing_module(module: str) -> str:
    """Return the sentence for a module that cannot be imported.

    Args:
        module: name of the module, with or without its parents.
    """
    top = module.partition(".")[0]
    package = _PACKAGES.get(top, top)
    extras = _extras()
    for extra in (*_FIRST, *extras):
        needed = extras.get(extra, [])
        if package in map(_name, needed):
            return f"{top} is not installed for this Python: {_line(needed, extra)}"
    return f"{top} is not installed for this Python: {_line([package], '')}"


def _line(requirements: list[str], extra: str) -> str:
    if not requirements:  # the package runs from a folder that nobody has installed
        return f"install it from the checkout: {sys.executable} -m pip install '.[{extra}]'"
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def _extras() -> dict[str, list[str]]:
    """Return the requirements of each extra, as the installed package says them."""
    # Here, because its import takes 20 ms, which nodes need not wait for.
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires(__name__.partition(".")[0]) or []
    except PackageNotFoundError:
        lines = []
    extras: dict[str, list[str]] = {}
    for line in lines:
        requirement, _, condition = line.partition(";")
        if "extra" in condition:
            name = condition.partition("==")[2].strip(" '\"()")
            extras.setdefault(name, []).append(requirement.strip())
    return extras


def _name(requirement: str) -> str:
    for sign in "<>=!~[ (":
        requirement = requirement.partition(sign)[0]
    return requirement
