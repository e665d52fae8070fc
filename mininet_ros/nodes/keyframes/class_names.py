"""Class names of the ids in a mask: from a model folder, or from the node that makes masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rclpy.node import Node

from mininet_ros.keyframes import ClassError
from mininet_ros.keyframes.cues.classes import class_weight_table
from mininet_ros.models import load_model
from mininet_ros.nodes.common.label_info import subscribe_label_info
from mininet_ros.nodes.keyframes.topics import LABEL_INFO


class ClassNames:
    """Class names of the masks, in the order of their ids.

    ``label_info`` comes from the node that makes the masks and overrides the model. The model is
    used where no such message comes: without vision_msgs, or with another segmentation node.

    Args:
        node: node that subscribes.
        model: model as :func:`~mininet_ros.models.load_model` takes it; only its card is read.
            Empty for no model.
        changed: called in the thread that spins the node when other names arrive.

    Raises:
        ModelError: there is no such model.
    """

    def __init__(self, node: Node, model: str, changed: Callable[[], None]) -> None:
        self._node = node
        self._model = model
        self._changed = changed
        self.names: tuple[str, ...] = load_model(model).published_table.names if model else ()
        self.source = f"model {model}" if model else ""
        self._subscription = subscribe_label_info(node, LABEL_INFO, self._receive)

    @property
    def known(self) -> bool:
        """Return whether the names are known."""
        return bool(self.names)

    def why_unknown(self) -> str | None:
        """Return why the names are not known, as a sentence, or None."""
        if self.known:
            return None
        if self._subscription is None:
            return (
                f"the class names of the masks are not known, for {LABEL_INFO.name} needs "
                "vision_msgs, which is not installed: set the parameter model to that of the "
                "segmentation node"
            )
        return (
            "the class names of the masks are not known yet: nobody has published "
            f"{self._node.resolve_topic_name(LABEL_INFO.name)}; the parameter model can name them, "
            "too"
        )

    @property
    def can_come(self) -> bool:
        """Return whether the names are known or may still arrive."""
        return self.known or self._subscription is not None

    def problem(self, targets: Mapping[str, float]) -> str | None:
        """Return why the targets cannot be found in the masks, as a sentence, or None.

        Args:
            targets: weight of each target class by its name.
        """
        if not targets or not self.known:
            return self.why_unknown() if targets else None
        try:
            class_weight_table(targets, self.names)
        except ClassError as error:
            return f"{str(error).rstrip('.')} (names by {self.source})"
        return None

    def _receive(self, names: tuple[str, ...]) -> None:
        topic = self._node.resolve_topic_name(LABEL_INFO.name)
        if names == self.names:
            return
        if self.known:
            self._node.get_logger().warning(
                f"{topic} names other classes than {self.source}: from now on those of {topic}"
            )
        self.names, self.source = names, topic
        self._changed()
