"""A lifecycle manager that a test plays."""

from __future__ import annotations

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState


class Manager:
    """Drives a node as lifecycle managers do: by its services."""

    def __init__(self, graph, name: str) -> None:
        self._graph = graph
        self._change = graph.observer.create_client(ChangeState, f"{name}/change_state")
        self._state = graph.observer.create_client(GetState, f"{name}/get_state")
        # The first answer tells that the node knows this client's readers.
        graph.ask(self._state, GetState.Request())
        graph.spin_until(self._change.service_is_ready)

    def do(self, transition: int) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        return self._graph.call(self._change, request).success

    @property
    def state(self) -> int:
        return self._graph.ask(self._state, GetState.Request()).current_state.id
