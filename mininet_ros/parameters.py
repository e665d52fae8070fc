"""Parameters, each declared once: as a field of a frozen dataclass.

A node, its configuration file, its documentation and the commands take name, type, default, range
and description from this one declaration::

    @dataclass(frozen=True)
    class Parameters:
        \"\"\"What the node is told.\"\"\"

        max_rate: float = parameter(0.0, "Upper limit of ...", minimum=0.0, maximum=1000.0)

A field whose type is a dataclass of parameters is a group: its parameters stand beside the others.
"""

from __future__ import annotations

import dataclasses
import functools
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

import yaml

Value = bool | int | float | str | list[str] | list[float]
"""Value of a parameter in the types of ROS."""

T = TypeVar("T")
_FIELD = "parameter"

_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list of one or more strings",
}
_NUMBERS = "a list of one or more numbers"


class ParameterError(ValueError):
    """A parameter value cannot be used. The message is one sentence with the parameter."""


class Change(Enum):
    """When a changed value takes effect; each member's value is the text for people."""

    NEVER = "read at start"
    ON_CONFIGURE = "read when the node is configured"
    AT_ONCE = "can be changed at any time"


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter as ROS knows it.

    Attributes:
        name: name of the parameter.
        default: default value, which determines the type; a list contains strings or floats.
        description: one sentence that makes sense without the name.
        minimum, maximum: smallest and largest value of a number; both or neither are given.
        choices: allowed values of a string or an integer; empty for any value.
        change: tells when a changed value takes effect.
    """

    name: str
    default: Value
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] | tuple[int, ...] = ()
    change: Change = Change.NEVER

    def converted(self, value: object) -> object:
        """Convert a value to the parameter's type where the meaning is clear.

        An integer is accepted for a number and for a string (a model may be called 1).
        """
        if type(value) is int and isinstance(self.default, float):
            return float(value)
        if type(value) is int and isinstance(self.default, str):
            return str(value)
        # rclpy has its own array types for numbers.
        listed = list(value) if isinstance(value, (tuple, list, array)) else value
        if self._holds_numbers and isinstance(listed, list):
            return [float(item) if type(item) is int else item for item in listed]
        return listed

    @property
    def _holds_numbers(self) -> bool:
        return isinstance(self.default, list) and set(map(type, self.default)) == {float}

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value, as one sentence, or None."""
        if isinstance(self.default, list):
            item = float if self._holds_numbers else str
            # rclpy reads an empty list as None.
            typed = isinstance(value, list) and value and set(map(type, value)) == {item}
        else:
            typed = type(value) is type(self.default)
        if not typed:
            kind = _NUMBERS if self._holds_numbers else _KINDS[type(self.default)]
            return f"parameter {self.name} is {kind}, not {value!r}"
        if self.choices and value not in self.choices:
            return f"parameter {self.name} is one of {self.allowed}, not {value!r}"
        if self.minimum is None or self.maximum is None:
            return None
        numbers = cast("list[float]", value if isinstance(value, list) else [value])
        # Written so that nan is refused: every comparison with nan is false.
        if not all(self.minimum <= number <= self.maximum for number in numbers):
            return f"parameter {self.name} is from {self.limits}, not {value!r}"
        return None

    @property
    def allowed(self) -> str:
        """Return the choices as text; "" where there are none."""
        return ", ".join(map(str, self.choices))

    @property
    def limits(self) -> str:
        """Return the range as text, in the type of the default; "" without a range."""
        if self.minimum is None or self.maximum is None:
            return ""
        if isinstance(self.default, int):
            return f"{int(self.minimum)} to {int(self.maximum)}"
        return f"{float(self.minimum)} to {float(self.maximum)}"


def parameter(
    default: T,
    description: str,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] | tuple[int, ...] = (),
    change: Change = Change.NEVER,
) -> T:
    """Return the field of a dataclass that declares a parameter.

    Args:
        default: default value: a bool, int, float, str, a tuple of strings or of floats, or a
            member of an Enum of strings, whose members are the choices.
        description: one sentence that makes sense without the name.
        minimum, maximum: smallest and largest value of a number; both or neither are given.
        choices: allowed values of a string or an integer; empty for any value.
        change: tells when a changed value takes effect.
    """
    if isinstance(default, Enum):
        choices = tuple(member.value for member in type(default))
    ros_default = cast(Value, _as_ros(default))
    spec = ParameterSpec("", ros_default, description, minimum, maximum, choices, change)
    return cast(T, dataclasses.field(default=default, metadata={_FIELD: spec}))


@functools.cache
def parameter_specs(declaration: type) -> tuple[ParameterSpec, ...]:
    """Return the parameters of a dataclass, with those of a group in the group's place."""
    specs: list[ParameterSpec] = []
    for field, group in _fields(declaration):
        if group is not None:
            specs += parameter_specs(group)
        else:
            specs.append(dataclasses.replace(field.metadata[_FIELD], name=field.name))
    return tuple(specs)


def from_values(declaration: type[T], values: Mapping[str, object]) -> T:
    """Return the dataclass with these values; missing parameters have their defaults.

    Args:
        declaration: dataclass of the parameters.
        values: values by parameter name; undeclared names are ignored.

    Raises:
        ParameterError: a value has the wrong type, is out of range or is not a valid choice.
    """
    given: dict[str, Any] = {}
    hints = _type_hints(declaration)
    for field, group in _fields(declaration):
        if group is not None:
            given[field.name] = from_values(group, values)
        elif field.name in values:
            spec = dataclasses.replace(field.metadata[_FIELD], name=field.name)
            value = spec.converted(values[field.name])
            if problem := spec.problem(value):
                raise ParameterError(problem)
            typed = tuple(value) if isinstance(value, list) else value
            kind = hints[field.name]
            enumerated = isinstance(kind, type) and issubclass(kind, Enum)
            given[field.name] = kind(typed) if enumerated else typed
    return declaration(**given)


def to_values(parameters: object) -> dict[str, Value]:
    """Return the values of a dataclass of parameters by name, as ROS stores them."""
    values: dict[str, Value] = {}
    for field, group in _fields(type(parameters)):
        value = getattr(parameters, field.name)
        if group is not None:
            values |= to_values(value)
        else:
            values[field.name] = cast(Value, _as_ros(value))
    return values


def problem_of(parameters: object) -> str | None:
    """Return what is wrong with the values of a dataclass of parameters, as one sentence, or None.

    Meant for the ``__post_init__`` of a dataclass that is also made without :func:`from_values`.
    """
    values = to_values(parameters)
    specs = parameter_specs(type(parameters))
    problems = (spec.problem(spec.converted(values[spec.name])) for spec in specs)
    return next(filter(None, problems), None)


def read_parameter_file(path: Path, node: str) -> dict[str, object]:
    """Read the parameters of a node from a ROS 2 parameter file.

    Sections for all nodes (``/**``) come first. Sections that name the node, in any namespace,
    override them.

    Args:
        path: path of the file.
        node: name of the node.

    Returns:
        Values by parameter name.

    Raises:
        ParameterError: the file cannot be read, or contains no parameters of the node.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        sentence = " ".join(str(error).split())
        raise ParameterError(f"The parameter file {path} cannot be read: {sentence}.") from error
    sections = _sections(content, ())
    general = [values for name, values in sections if set(name[-1:]) <= {"*", "**"}]
    named = [values for name, values in sections if name[-1:] == (node,)]
    if not general + named:
        raise ParameterError(
            f"The parameter file {path} has no parameters of the node {node}: it needs a section "
            f"'/**' or '{node}' with 'ros__parameters'."
        )
    return {name: value for values in general + named for name, value in values.items()}


def _sections(
    content: object, node: tuple[str, ...]
) -> list[tuple[tuple[str, ...], dict[str, object]]]:
    """Yield the parameters in a parsed file that apply to the node, by its name in parts."""
    if not isinstance(content, dict):
        return []
    found = []
    for key, value in content.items():
        if key == "ros__parameters" and isinstance(value, dict):
            found.append((node, value))
        else:
            found += _sections(value, (*node, *str(key).strip("/").split("/")))
    return found


# Read once for each class: a node asks for them at every change of a parameter.
_type_hints = functools.cache(get_type_hints)


@functools.cache
def _fields(declaration: type) -> tuple[tuple[dataclasses.Field[Any], type | None], ...]:
    """Return each field with the dataclass of the group that it contains, or None."""
    hints = _type_hints(declaration)
    found: list[tuple[dataclasses.Field[Any], type | None]] = []
    for field in dataclasses.fields(declaration):
        if _FIELD in field.metadata:
            found.append((field, None))
        elif dataclasses.is_dataclass(hints[field.name]):
            found.append((field, hints[field.name]))
        else:
            raise TypeError(f"{declaration.__name__}.{field.name} declares no parameter")
    return tuple(found)


def _as_ros(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
