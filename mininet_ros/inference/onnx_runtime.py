"""The exported graph on the CPU with ONNX Runtime; imports no PyTorch."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import onnxruntime

from mininet_ros.inference.segmenter import Segmentation, Segmenter
from mininet_ros.models import GRAPH, INT8_GRAPH, Model, ModelError

INPUT = "image"
GRAPH_OF_PRECISION = {"float32": GRAPH, "int8": INT8_GRAPH}
OUTPUTS = ("mask", "confidence")
# A graph that has this optional input leaves the confidence out where it is false.
WITH_CONFIDENCE = "with_confidence"


class OnnxRuntimeSegmenter(Segmenter):
    """Runs a model's ``model.onnx``, or ``model.int8.onnx``.

    Args:
        model: the model folder.
        threads: threads of one inference; 0 for one a core.
        precision: ``float32`` or ``int8``.

    Raises:
        ModelError: the graph is not there, can't be loaded, or disagrees with the model's card.
        ValueError: a negative number of threads.
    """

    backend = "cpu"
    runtime = "onnxruntime"

    def __init__(self, model: Model, threads: int = 0, precision: str = "float32") -> None:
        super().__init__(model)
        self.device = processor_name()
        self.precision = precision
        graph = GRAPH_OF_PRECISION[precision]
        if not model.has(graph):
            raise ModelError(
                f"model folder {model.folder} has no {graph}: make it with `mininet_ros export "
                f"--int8`, or choose precision float32"
            )
        path = model.path(graph)
        self._session = open_session(path, threads)
        expected = [1, model.height, model.width, 3]
        found = self._session.get_inputs()[0]
        if (found.name, found.type, found.shape) != (INPUT, "tensor(uint8)", expected):
            raise ModelError(
                f"{path} takes {found.name} {found.type} {found.shape}, but the model's card "
                f"asks for {INPUT} tensor(uint8) {expected}"
            )

    def _run(self, image: np.ndarray) -> Segmentation:
        mask, confidence = self._session.run(OUTPUTS, {INPUT: image[None]})
        return Segmentation(mask[0], confidence[0])

    def _mask(self, image: np.ndarray) -> np.ndarray:
        return run_mask(self._session, image)


def run_mask(session: onnxruntime.InferenceSession, image: np.ndarray) -> np.ndarray:
    """The first output of a graph that takes one picture, without its batch axis.

    Args:
        session: of a model's graph, or of any other network's.
        image: uint8 (H, W, 3), contiguous.
    """
    feeds = {session.get_inputs()[0].name: image[None]}
    if any(value.name == WITH_CONFIDENCE for value in session.get_overridable_initializers()):
        feeds[WITH_CONFIDENCE] = np.array(False)
    return session.run([session.get_outputs()[0].name], feeds)[0][0]


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """An ONNX file ready to run on the CPU.

    Raises:
        ModelError: it can't be loaded.
        ValueError: a negative number of threads; 0 stands for one a core.
    """
    if threads < 0:
        raise ValueError(f"threads must be 0 (all cores) or more, not {threads}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Planning all buffers ahead keeps 22 MB more resident for this network, and is no faster.
    options.enable_mem_pattern = False
    # Threads that spin between two frames would take the cores from the robot's other nodes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # ONNX Runtime's errors have no public base class.
    except Exception as error:
        raise ModelError(f"ONNX Runtime can't load {path}: {error}") from error


def processor_name() -> str:
    """Name of this machine's processor, as its maker calls it where the system tells."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.partition(":")
                if key.strip() == "model name":
                    return value.strip()
    except OSError:
        return platform.machine()
    return platform.machine()
