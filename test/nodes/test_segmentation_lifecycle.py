"""The segmentation node under a lifecycle manager."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from fake_segmenter import FakeSegmenter
from lifecycle_manager import Manager
from lifecycle_msgs.msg import State, Transition
from node_arguments import parameters
from rclpy.parameter import Parameter
from segmentation_rig import Rig, image, stamps
from sensor_msgs.msg import Image

from mininet_ros.inference import BackendError
from mininet_ros.models import ModelError


class Loader:
    """Notes what is loaded; refuses models named broken."""

    def __init__(self) -> None:
        self.wanted = []

    def load(self, **wanted):
        self.wanted.append(wanted)
        if wanted["model"] == "broken":
            raise ModelError("model broken has no file model.onnx")
        segmenter = FakeSegmenter()
        segmenter.device = f"{wanted['model']} on {wanted['threads']} threads"
        return segmenter


def test_the_node_starts_by_itself(graph):
    Rig(graph)
    assert Manager(graph, "/segmentation").state == State.PRIMARY_STATE_ACTIVE


def test_without_autostart_a_manager_brings_it_up_and_down(graph):
    loader = Loader()
    rig = Rig(graph, loader, autostart=False)
    manager = Manager(graph, "/segmentation")
    masks = rig.listen("mask")
    assert (manager.state, loader.wanted) == (State.PRIMARY_STATE_UNCONFIGURED, [])
    status, values = rig.report()
    assert status.message.startswith("unconfigured")
    assert "model" not in values
    assert manager.do(Transition.TRANSITION_CONFIGURE)
    assert (manager.state, len(loader.wanted)) == (State.PRIMARY_STATE_INACTIVE, 1)
    graph.spin_for(0.2)
    assert rig.camera.get_subscription_count() == 0
    assert manager.do(Transition.TRANSITION_ACTIVATE)
    rig.wait_for_node()
    rig.camera.publish(image(1))
    graph.spin_until(lambda: masks)

    assert manager.do(Transition.TRANSITION_DEACTIVATE)
    graph.spin_until(lambda: rig.camera.get_subscription_count() == 0)
    assert not [t for t in threading.enumerate() if t.name == "segmentation"]
    rig.camera.publish(image(2))
    graph.spin_for(0.3)
    assert stamps(masks) == [1]
    assert manager.do(Transition.TRANSITION_ACTIVATE)
    rig.wait_for_node()
    rig.camera.publish(image(3))
    graph.spin_until(lambda: len(masks) == 2)
    assert stamps(masks) == [1, 3]
    assert len(loader.wanted) == 1, "activation loads nothing"


def test_a_new_configuration_takes_another_model_and_other_threads(graph):
    loader = Loader()
    rig = Rig(graph, loader, model="first")
    manager = Manager(graph, "/segmentation")
    changes = [Parameter("model", value="second"), Parameter("threads", value=3)]
    assert rig.node.set_parameters_atomically(changes).successful
    for transition in (
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_CLEANUP,
        Transition.TRANSITION_CONFIGURE,
        Transition.TRANSITION_ACTIVATE,
    ):
        assert manager.do(transition)
    status, _ = rig.report(lambda status, values: status.hardware_id != "first on 0 threads")
    assert status.hardware_id == "second on 3 threads"
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(1))
    graph.spin_until(lambda: masks)


def test_a_configuration_that_fails_leaves_the_node_unconfigured_and_can_be_mended(graph):
    rig = Rig(graph, Loader(), model="broken", autostart=False)
    manager = Manager(graph, "/segmentation")
    assert not manager.do(Transition.TRANSITION_CONFIGURE)
    assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
    assert rig.node.set_parameters([Parameter("model", value="whole")])[0].successful
    assert manager.do(Transition.TRANSITION_CONFIGURE)
    assert manager.state == State.PRIMARY_STATE_INACTIVE


def test_a_defect_leaves_the_node_unconfigured(graph):
    class Defect:
        def load(self, **_):
            raise KeyError("a defect")

    Rig(graph, Defect(), autostart=False)
    manager = Manager(graph, "/segmentation")
    assert not manager.do(Transition.TRANSITION_CONFIGURE)
    assert manager.state == State.PRIMARY_STATE_UNCONFIGURED


def test_an_autostart_that_fails_is_the_errors_own_sentence(graph):
    class NoDevice:
        def load(self, **_):
            raise BackendError("backend gpu cannot run here")

    with pytest.raises(BackendError, match="backend gpu cannot run here"):
        Rig(graph, NoDevice())


def test_shutdown_ends_the_work(graph):
    rig = Rig(graph)
    rig.listen("mask")
    rig.wait_for_node()
    manager = Manager(graph, "/segmentation")
    assert manager.do(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    graph.spin_until(lambda: rig.camera.get_subscription_count() == 0)
    assert manager.state == State.PRIMARY_STATE_FINALIZED


def test_cleanup_gives_the_models_memory_back(graph, tiny_model):
    node = graph.start("segmentation_node", *parameters(model="camvid", autostart=False))
    manager = Manager(graph, "/segmentation")
    assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
    before = own_memory_mb(node)
    assert manager.do(Transition.TRANSITION_CONFIGURE)
    assert manager.do(Transition.TRANSITION_ACTIVATE)
    masks, camera = graph.listen(Image, "segmentation/mask"), graph.publisher(Image, "image")
    graph.spin_until(lambda: camera.get_subscription_count() == 1)

    def segmented() -> bool:
        camera.publish(image(1))
        graph.spin_for(0.1)
        return bool(masks)

    graph.spin_until(segmented)
    loaded = own_memory_mb(node)
    assert manager.do(Transition.TRANSITION_DEACTIVATE)
    assert manager.do(Transition.TRANSITION_CLEANUP)
    after = own_memory_mb(node)
    # The runtime's code was imported, and its objects stay; the model and its buffers go.
    assert loaded - after > (loaded - before) / 2, (before, loaded, after)
    assert node.stop() == 0


def own_memory_mb(node) -> float:
    """Memory of the process without the files that it maps, in MiB."""
    lines = Path(f"/proc/{node.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))
