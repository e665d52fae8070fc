"""All settings of a keyframe selection, as a parameter file or a command line gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mininet_ros.keyframes.cues.classes import ClassError, parse_class_weights
from mininet_ros.keyframes.cues.ignored import IgnoredPixels, read_ignore_mask
from mininet_ros.keyframes.cues.scorer import FrameScorer
from mininet_ros.keyframes.pipeline import KeyframePipeline
from mininet_ros.keyframes.selection.budget import ByteBudget
from mininet_ros.keyframes.selection.config import RENAMED, ConfigError, SelectorConfig
from mininet_ros.keyframes.selection.selector import KeyframeSelector
from mininet_ros.parameters import (
    Change,
    ParameterError,
    from_values,
    parameter,
    parameter_specs,
    problem_of,
    read_parameter_file,
)
from mininet_ros.share import share_folder

NODE = "keyframe_selector"
PRESET_PREFIX = "keyframes_"

NODE_ONLY = frozenset(
    {
        "autostart",
        "model",
        "image_transport",
        "companions",
        "companion_slop_s",
        "companion_bytes",
        "max_pixels",
        "channel_bits",
        "reliability",
        "mask_wait_s",
        "use_sim_time",
        "team_link",
        "team_endpoints",
        "team_config",
        "robot_name",
    },
)
"""Parameters of the node that do not affect the selection, such as sources of messages."""


@dataclass(frozen=True)
class KeyframeSettings:
    """Settings of the targets, the selection, and the frames for team mates.

    Attributes:
        classes: names of the target classes with optional weights; only empty names mean a
            selection without semantics. A ROS parameter cannot hold an empty list, so a file writes
            ``[""]``.
        selector: settings of the selector.

    Raises:
        ConfigError: a value is out of its range, or a class entry cannot be read.
    """

    classes: tuple[str, ...] = parameter(
        ("",),
        "Target classes of the model, each with an optional weight from 0 to 100, for example "
        "[SignSymbol, 'Car: 0.5']; [''] selects without semantics, by quality and motion.",
        change=Change.AT_ONCE,
    )
    ignore_classes: tuple[str, ...] = parameter(
        ("",),
        "Classes of the model whose pixels count for neither quality nor motion nor overlap, for "
        "example [Car, Pedestrian]; [''] ignores none.",
        change=Change.AT_ONCE,
    )
    ignore_mask: str = parameter(
        "",
        "Path of a picture that is white where pixels never count, such as the robot's own body, "
        "and black elsewhere; empty for none.",
        change=Change.AT_ONCE,
    )
    use_confidence: bool = parameter(
        True,
        "Whether regions of a target class count by the network's confidence in them "
        "(segmentation/confidence) or as certain.",
        change=Change.AT_ONCE,
    )
    selector: SelectorConfig = field(default_factory=SelectorConfig)
    jpeg_quality: int = parameter(
        80,
        "JPEG quality of the images on team/image/compressed.",
        1,
        100,
        change=Change.AT_ONCE,
    )
    team_bytes_per_s: int = parameter(
        100_000,
        "Byte budget of all topics under team/ together: bytes per second in the long run.",
        1,
        10**9,
        change=Change.AT_ONCE,
    )
    team_burst_bytes: int = parameter(
        500_000,
        "Largest number of bytes under team/ at once after a quiet time; a larger frame is never "
        "sent.",
        1,
        10**9,
        change=Change.AT_ONCE,
    )
    team_waiting: int = parameter(
        8,
        "Largest number of frames that wait for the byte budget; the one of most worth goes first.",
        1,
        10_000,
        change=Change.AT_ONCE,
    )

    def __post_init__(self) -> None:
        if problem := problem_of(self):
            raise ConfigError(problem)
        try:
            self.targets()
        except ClassError as error:
            raise ConfigError(f"parameter classes cannot be used: {error}") from None
        try:
            read_ignore_mask(self.ignore_mask)
        except ClassError as error:
            raise ConfigError(str(error)) from None

    def targets(self) -> dict[str, float]:
        """Return the weight of each target class; empty for a selection without semantics."""
        return parse_class_weights([entry for entry in self.classes if entry.strip()])

    def ignored(self) -> tuple[str, ...]:
        """Return the names of the classes that do not count."""
        return tuple(name.strip() for name in self.ignore_classes if name.strip())

    def named(self) -> dict[str, float]:
        """Return every named class, target or ignored, with its weight or 1."""
        return {**dict.fromkeys(self.ignored(), 1.0), **self.targets()}

    def without_classes(self) -> KeyframeSettings:
        """Return these settings without classes, for a stream whose masks cannot be read."""
        return replace(self, classes=("",), ignore_classes=("",))

    def budget(self) -> ByteBudget:
        """Return a new, full byte budget."""
        return ByteBudget(self.team_bytes_per_s, self.team_burst_bytes, self.team_waiting)

    def pipeline(self, classes: Sequence[str]) -> KeyframePipeline:
        """Make a new scorer and selector with these settings.

        Args:
            classes: class names of the network that makes the masks, in label order.

        Raises:
            ClassError: a target is not among ``classes``, or its weight is out of range.
        """
        ignored = self.ignored_pixels(classes)
        scorer = FrameScorer(self.targets(), classes, ignored=ignored)
        return KeyframePipeline(scorer, KeyframeSelector(self.selector))

    def ignored_pixels(self, classes: Sequence[str]) -> IgnoredPixels | None:
        """Return what tells the pixels that do not count; None if all of them count.

        Raises:
            ClassError: an ignored class is not among ``classes``.
        """
        picture = read_ignore_mask(self.ignore_mask)
        if picture is None and not self.ignored():
            return None
        return IgnoredPixels(self.ignored(), picture, classes)

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> KeyframeSettings:
        """Make settings from parameter values by name; missing values keep their defaults.

        ``NODE_ONLY`` names are ignored, so that a command can read the same files as the node.

        Raises:
            ConfigError: a name is unknown, or a value has the wrong type or is out of range.
        """
        known = {spec.name for spec in parameter_specs(cls)}
        for name in values:
            if name in RENAMED:
                raise ConfigError(f"parameter {name} is gone: {RENAMED[name]}")
            if name not in known and name not in NODE_ONLY:
                names = ", ".join(sorted(known))
                raise ConfigError(f"unknown parameter '{name}'; known parameters: {names}")
        try:
            return from_values(cls, values)
        except ParameterError as error:
            raise ConfigError(str(error)) from None


def preset_names() -> list[str]:
    """Return the names of the presets in the package, sorted."""
    files = (share_folder() / "config").glob(f"{PRESET_PREFIX}*.yaml")
    return sorted(file.stem.removeprefix(PRESET_PREFIX) for file in files)


def read_preset(name_or_path: str | Path) -> dict[str, object]:
    """Read the selector's parameters from a ROS 2 parameter file.

    Sections for all nodes (``/**``) come first. Sections that name the selector, in any namespace,
    override them.

    Args:
        name_or_path: name of a preset in the package (``slam``), or path of a file.

    Returns:
        Parameter values by name, as ``KeyframeSettings.from_values`` takes them.

    Raises:
        ConfigError: there is no such preset or file, or it holds no parameters of the selector.
    """
    try:
        return read_parameter_file(_preset_path(name_or_path), NODE)
    except ParameterError as error:
        raise ConfigError(str(error)) from error


def _preset_path(name_or_path: str | Path) -> Path:
    shipped = share_folder() / "config" / f"{PRESET_PREFIX}{name_or_path}.yaml"
    if str(name_or_path) in preset_names():
        return shipped
    path = Path(name_or_path).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"There is no preset '{name_or_path}': give one of {', '.join(preset_names())}, or "
            "the path of a parameter file."
        )
    return path
