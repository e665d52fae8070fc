"""Parameters of a node: declared, described, checked at start and at every change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, cast

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.timer import Timer

from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.parameters import (
    Change,
    ParameterError,
    ParameterSpec,
    Value,
    from_values,
    parameter_specs,
    to_values,
)

P = TypeVar("P")


class NodeParameters(Generic[P]):
    """The current values of a node's parameters, as ``parameters.values``.

    A change is checked first and takes effect only once the node has accepted it, because another
    callback of the node may refuse it. Values change while threads run, and all values of one
    change together. A thread that needs several related values reads ``values`` once.

    Args:
        node: node that declares the parameters and supplies their overrides (command line, file).
        declaration: dataclass of the parameters.
        check: called with all values after a change; returns what is wrong with their combination,
            as one sentence, or None.
        changed: called with the names of the values that have changed at run time, in the thread
            that spins the node.

    Raises:
        ParameterError: an override has the wrong type, is out of range or is not a valid choice.
    """

    def __init__(
        self,
        node: Node,
        declaration: type[P],
        check: Callable[[P], str | None] = lambda values: None,
        changed: Callable[[frozenset[str]], None] = lambda names: None,
    ) -> None:
        self._node = node
        self._declaration = declaration
        self._specs = {spec.name: spec for spec in parameter_specs(declaration)}
        self._check = check
        self._changed = changed
        self._timer: Timer | None = None
        # Humble has neither a callback that may convert a value nor a post-set callback.
        self._converts = hasattr(node, "add_pre_set_parameters_callback")
        values = {name: self._declare(spec) for name, spec in self._specs.items()}
        self.values: P = from_values(declaration, values)
        if problem := check(self.values):
            raise ParameterError(problem)
        if self._converts:
            node.add_pre_set_parameters_callback(self._convert)
            node.add_on_set_parameters_callback(self._judge)
            node.add_post_set_parameters_callback(self._apply_ours)
        else:
            node.add_on_set_parameters_callback(self._judge_and_apply_soon)

    def _declare(self, spec: ParameterSpec) -> Value:
        # Declared with any type first, to read the override before rclpy refuses it with its own
        # text.
        anything = ParameterDescriptor(dynamic_typing=True)
        given = self._node.declare_parameter(spec.name, spec.default, anything).value
        self._node.undeclare_parameter(spec.name)
        value = spec.converted(given)
        if problem := spec.problem(value):
            raise ParameterError(problem)
        descriptor = parameter_descriptor(spec)
        # An integer for a float parameter must pass rclpy's own check where no callback can convert
        # it.
        descriptor.dynamic_typing = not self._converts and isinstance(spec.default, float)
        self._node.declare_parameter(spec.name, value, descriptor, ignore_override=True)
        return cast(Value, value)

    def _convert(self, requested: list[Parameter]) -> list[Parameter]:
        return [self._converted(parameter) for parameter in requested]

    def _converted(self, parameter: Parameter) -> Parameter:
        spec = self._specs.get(parameter.name)
        if spec is None:
            return parameter
        value = spec.converted(parameter.value)
        # Unchanged values keep their Parameter, because rclpy cannot make one of an empty list.
        return parameter if value is parameter.value else Parameter(parameter.name, value=value)

    def _judge(self, requested: list[Parameter]) -> SetParametersResult:
        """Accept or refuse a change; rclpy has already checked type, range and read-only."""
        if not self._concerned(requested):
            return SetParametersResult(successful=True)
        values: dict[str, object] = {**to_values(self.values)}
        for parameter in requested:
            if parameter.name in self._specs:
                values[parameter.name] = parameter.value
        try:
            problem = self._check(from_values(self._declaration, values))
        except ParameterError as error:
            problem = str(error)
        return SetParametersResult(successful=not problem, reason=problem or "")

    def _judge_and_apply_soon(self, requested: list[Parameter]) -> SetParametersResult:
        result = self._judge(requested)
        if result.successful and self._concerned(requested) and self._timer is None:
            self._timer = steady_timer(self._node, 0.0, self._apply)
        return result

    def _concerned(self, requested: Sequence[Parameter]) -> bool:
        """Return whether parameters of the declaration are among those requested.

        Others are use_sim_time and, four for each topic, the overrides of its quality of service.
        """
        return any(parameter.name in self._specs for parameter in requested)

    def _apply_ours(self, requested: Sequence[Parameter]) -> None:
        if self._concerned(requested):
            self._apply()

    def _apply(self) -> None:
        """Take over the values that the node has now."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None
        before = to_values(self.values)
        now = {name: self._node.get_parameter(name).value for name in self._specs}
        values = from_values(self._declaration, now)
        after = to_values(values)
        names = frozenset(name for name in after if after[name] != before[name])
        if not names:
            return
        self.values = values
        waiting = [n for n in sorted(names) if self._specs[n].change is Change.ON_CONFIGURE]
        if waiting:
            self._node.get_logger().info(
                f"{', '.join(waiting)}: takes effect when the node is configured again "
                "(ros2 lifecycle set: deactivate, cleanup, configure, activate)"
            )
        self._changed(names)


def parameter_descriptor(spec: ParameterSpec) -> ParameterDescriptor:
    """Return the text and limits for ``ros2 param describe`` and parameter editors."""
    descriptor = ParameterDescriptor(
        name=spec.name,
        description=spec.description,
        additional_constraints=f"one of {spec.allowed}" if spec.choices else "",
        read_only=spec.change is Change.NEVER,
    )
    # ROS supports ranges only for single numbers.
    if spec.minimum is None or spec.maximum is None or isinstance(spec.default, list):
        return descriptor
    if isinstance(spec.default, float):
        limits = FloatingPointRange(from_value=spec.minimum, to_value=spec.maximum)
        descriptor.floating_point_range = [limits]
    else:
        limits = IntegerRange(from_value=int(spec.minimum), to_value=int(spec.maximum))
        descriptor.integer_range = [limits]
    return descriptor


def parameter_help(specs: Sequence[ParameterSpec]) -> str:
    """Return the parameters as text for ``--help``."""
    lines = []
    for spec in specs:
        limits = f"one of {spec.allowed}" if spec.choices else spec.limits
        facts = [limits, f"default {spec.default!r}", spec.change.value]
        lines.append(f"  {spec.name}\n      {spec.description}")
        lines.append(f"      ({'; '.join(fact for fact in facts if fact)})")
    return "\n".join(lines)
