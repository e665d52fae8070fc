"""All settings of a keyframe selection, as a parameter file or a command line gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from mininet_ros.keyframes.cues.content import ClassError, parse_class_weights
from mininet_ros.keyframes.cues.scorer import FrameScorer
from mininet_ros.keyframes.pipeline import KeyframePipeline
from mininet_ros.keyframes.selection.budget import BudgetError, ByteBudget
from mininet_ros.keyframes.selection.config import ConfigError, Mode, SelectorConfig
from mininet_ros.keyframes.selection.selector import KeyframeSelector
from mininet_ros.share import share_folder

NODE = "keyframe_selector"
PRESET_PREFIX = "keyframes_"

NODE_ONLY = frozenset(
    {
        "model",
        "image_transport",
        "reliability",
        "mask_wait_s",
        "use_sim_time",
        "team_link",
        "team_endpoints",
        "team_config",
        "robot_name",
    },
)
"""Parameters that tell the node where its messages come from, and say nothing of the selection."""

_SELECTOR_DEFAULTS = {entry.name: entry.default for entry in fields(SelectorConfig)}


@dataclass(frozen=True)
class KeyframeSettings:
    """What is looked for, how frames are selected, and what team mates get of them.

    Attributes:
        classes: target classes, each with an optional weight as `parse_class_weights` takes them.
            None, or empty names alone, selects without semantics: a ROS parameter cannot hold an
            empty list, so a file writes `[""]`.
        use_confidence: whether regions count by the network's confidence, or as certain.
        selector: settings of the selector.
        jpeg_quality: of the images for team mates, 1 to 100.
        team_bytes_per_s: mean rate of what goes to team mates, bytes per second, at least 1.
        team_burst_bytes: most bytes that go out at once, at least 1; a larger frame never does.
        team_waiting: frames that may wait for the budget, at least 1.

    Raises:
        ConfigError: a value is out of its range, or a class entry cannot be read.
    """

    classes: tuple[str, ...] = ()
    use_confidence: bool = True
    selector: SelectorConfig = field(default_factory=SelectorConfig)
    jpeg_quality: int = 80
    team_bytes_per_s: int = 100_000
    team_burst_bytes: int = 500_000
    team_waiting: int = 8

    def __post_init__(self) -> None:
        if not 1 <= self.jpeg_quality <= 100:
            raise ConfigError(f"jpeg_quality must be from 1 to 100, got {self.jpeg_quality}.")
        try:
            self.budget()
            self.targets()
        except (BudgetError, ClassError) as error:
            raise ConfigError(str(error)) from None

    def targets(self) -> dict[str, float]:
        """Weight of each target class by its name; empty for a selection without semantics."""
        return parse_class_weights([entry for entry in self.classes if entry.strip()])

    def budget(self) -> ByteBudget:
        """A new, full byte budget."""
        return ByteBudget(self.team_bytes_per_s, self.team_burst_bytes, self.team_waiting)

    def pipeline(self, classes: Sequence[str]) -> KeyframePipeline:
        """A new scorer and selector with these settings.

        Args:
            classes: the class names of the network that makes the masks, in label order.

        Raises:
            ClassError: a target is not among `classes`, or its weight is out of range.
        """
        return KeyframePipeline(
            FrameScorer(self.targets(), classes), KeyframeSelector(self.selector)
        )

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> KeyframeSettings:
        """Make settings of parameter values by name; what is absent keeps its default.

        The names are those of this class and of `SelectorConfig`, side by side. `NODE_ONLY` names
        are passed over, so that whatever the node reads a command can read, too.

        Raises:
            ConfigError: a name is unknown, or a value has the wrong type or is out of range.
        """
        own = {entry.name: entry.default for entry in fields(cls) if entry.name != "selector"}
        known = {**own, **_SELECTOR_DEFAULTS}
        for name in values:
            if name not in known and name not in NODE_ONLY:
                names = ", ".join(sorted(known))
                raise ConfigError(f"Unknown parameter '{name}'; known parameters: {names}.")
        typed = {
            name: _typed(name, values[name], default)
            for name, default in known.items()
            if name in values
        }
        selector = SelectorConfig(**{n: v for n, v in typed.items() if n in _SELECTOR_DEFAULTS})
        return cls(selector=selector, **{n: v for n, v in typed.items() if n in own})


def preset_names() -> list[str]:
    """Names of the presets that come with the package, sorted."""
    files = (share_folder() / "config").glob(f"{PRESET_PREFIX}*.yaml")
    return sorted(file.stem.removeprefix(PRESET_PREFIX) for file in files)


def read_preset(name_or_path: str | Path) -> dict[str, object]:
    """Read the selector's parameters from a ROS 2 parameter file.

    Sections for all nodes (`/**`) come first; those that name the selector, in whatever namespace,
    win over them.

    Args:
        name_or_path: a preset that comes with the package (`slam`), or the path of a file.

    Returns:
        Parameter values by name, as `KeyframeSettings.from_values` takes them.

    Raises:
        ConfigError: there is no such preset or file, or it holds no parameters of the selector.
    """
    path = _preset_path(name_or_path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        sentence = " ".join(str(error).split())
        raise ConfigError(f"The parameter file {path} cannot be read: {sentence}.") from error
    sections = _sections(content, ())
    general = [values for node, values in sections if set(node[-1:]) <= {"*", "**"}]
    named = [values for node, values in sections if node[-1:] == (NODE,)]
    if not general + named:
        raise ConfigError(
            f"The parameter file {path} has no parameters of the node {NODE}: it needs a section "
            f"'/**' or '{NODE}' with 'ros__parameters'."
        )
    return {name: value for values in general + named for name, value in values.items()}


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


def _sections(
    content: object, node: tuple[str, ...]
) -> list[tuple[tuple[str, ...], dict[str, object]]]:
    """Parameters in a parsed file with the node's name, in parts, that they are for."""
    if not isinstance(content, dict):
        return []
    found = []
    for key, value in content.items():
        if key == "ros__parameters" and isinstance(value, dict):
            found.append((node, value))
        else:
            found += _sections(value, (*node, *str(key).strip("/").split("/")))
    return found


def _typed(name: str, value: object, default: object) -> object:
    """The value in the type of the default; integers do as numbers.

    Raises:
        ConfigError: it has another type.
    """
    if isinstance(default, Mode):
        kind, fits = "a string", isinstance(value, str)
    elif isinstance(default, bool):
        kind, fits = "true or false", isinstance(value, bool)
    elif isinstance(default, int):
        kind, fits = "an integer", type(value) is int
    elif isinstance(default, float):
        kind, fits = "a number", type(value) in (int, float)
        value = float(value) if fits else value
    else:
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        kind, fits = "a list of strings", listed and all(isinstance(v, str) for v in value)
        value = tuple(value) if fits else value
    if not fits:
        raise ConfigError(f"{name} must be {kind}, got {value!r}.")
    return value
