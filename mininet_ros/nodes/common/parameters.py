"""A node's parameters as one table: declared, described, checked at start and at every change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

Value = bool | int | float | str | Sequence[str]

_KINDS = {
    bool: "true or false",
    int: "an integer",
    float: "a number with a decimal point, such as 1.0",
    str: "a string",
    tuple: "a list of one or more strings",
}


class ParameterError(ValueError):
    """A parameter value that a node cannot run with; one sentence that names it."""


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter of a node.

    The type of ``default`` is the type of the parameter; a tuple is a list of strings.
    """

    name: str
    default: bool | int | float | str | tuple[str, ...]
    description: str
    minimum: float | None = None  # of a number; given together with maximum, both allowed
    maximum: float | None = None
    choices: tuple[str, ...] = ()  # of a string; empty: anything
    runtime: bool = False  # may be changed while the node runs

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value, as one sentence, or None."""
        if isinstance(self.default, tuple):
            # A string is a sequence of strings too; rclpy reads an empty list as None.
            typed = isinstance(value, (list, tuple)) and value and set(map(type, value)) == {str}
        else:
            typed = type(value) is type(self.default)
        if not typed:
            return f"parameter {self.name} is {_KINDS[type(self.default)]}, not {value!r}"
        if self.choices and value not in self.choices:
            return f"parameter {self.name} is one of {', '.join(self.choices)}, not {value!r}"
        # Written so that nan, which compares to nothing, is refused.
        if self.minimum is not None and not self.minimum <= value <= self.maximum:
            return f"parameter {self.name} is from {self.minimum} to {self.maximum}, not {value!r}"
        return None

    def descriptor(self) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` and parameter editors show."""
        descriptor = ParameterDescriptor(
            name=self.name,
            description=self.description,
            additional_constraints=f"one of {', '.join(self.choices)}" if self.choices else "",
            read_only=not self.runtime,
        )
        if self.minimum is not None and isinstance(self.default, float):
            limits = FloatingPointRange(from_value=self.minimum, to_value=self.maximum)
            descriptor.floating_point_range = [limits]
        elif self.minimum is not None:
            limits = IntegerRange(from_value=int(self.minimum), to_value=int(self.maximum))
            descriptor.integer_range = [limits]
        return descriptor


class NodeParameters(Mapping[str, Value]):
    """The current values of a table of parameters, read as ``parameters["name"]``.

    Values change under running threads, each by itself; a thread that needs several which belong
    together takes ``dict(parameters)`` once.

    Args:
        node: the parameters are declared on it, and take its overrides (command line, file).
        table: the parameters.
        check: called with all values as they would be; returns what is wrong with them together,
            as one sentence, or None.
        changed: called with the names whose values have just changed at run time, in the thread
            that spins the node.

    Raises:
        ParameterError: an override is of the wrong type, out of range or no choice.
    """

    def __init__(
        self,
        node: Node,
        table: Sequence[ParameterSpec],
        check: Callable[[Mapping[str, Value]], str | None] = lambda values: None,
        changed: Callable[[frozenset[str]], None] = lambda names: None,
    ) -> None:
        self._specs = {spec.name: spec for spec in table}
        self._check = check
        self._changed = changed
        self._values: dict[str, Value] = {spec.name: _declare(node, spec) for spec in table}
        problem = check(self._values)
        if problem:
            raise ParameterError(problem)
        node.add_on_set_parameters_callback(self._set)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _set(self, requested: list[Parameter]) -> SetParametersResult:
        """Accept or refuse a change; rclpy has checked type, range and read-only before."""
        values = dict(self._values)
        for parameter in requested:
            spec = self._specs.get(parameter.name)
            if spec is None:  # use_sim_time and others that rclpy declares
                continue
            problem = spec.problem(parameter.value)
            if problem:
                return SetParametersResult(successful=False, reason=problem)
            values[spec.name] = parameter.value
        problem = self._check(values)
        if problem:
            return SetParametersResult(successful=False, reason=problem)
        changed = frozenset(name for name in values if values[name] != self._values[name])
        self._values = values
        if changed:
            self._changed(changed)
        return SetParametersResult(successful=True)


def parameter_help(table: Sequence[ParameterSpec]) -> str:
    """Return the table as text for ``--help``."""
    lines = []
    for spec in table:
        if spec.choices:
            limits = f"one of {', '.join(spec.choices)}; "
        elif spec.minimum is not None:
            limits = f"{spec.minimum} to {spec.maximum}; "
        else:
            limits = ""
        when = "" if spec.runtime else ", read at start"
        lines.append(f"  {spec.name}\n      {spec.description}")
        lines.append(f"      ({limits}default {spec.default!r}{when})")
    return "\n".join(lines)


def _declare(node: Node, spec: ParameterSpec) -> Value:
    # First with any type, to see the override before rclpy refuses it in words of its own.
    anything = ParameterDescriptor(dynamic_typing=True)
    default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
    value = node.declare_parameter(spec.name, default, anything).value
    node.undeclare_parameter(spec.name)
    # "max_rate:=10" and "source:=0" leave no doubt about what is meant.
    if type(value) is int and isinstance(spec.default, (float, str)):
        value = type(spec.default)(value)
    problem = spec.problem(value)
    if problem:
        raise ParameterError(problem)
    return node.declare_parameter(spec.name, value, spec.descriptor(), ignore_override=True).value
