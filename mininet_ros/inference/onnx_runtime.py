"""The exported graph in ONNX Runtime, on the CPU or another provider; imports no PyTorch."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from mininet_ros.inference.partial_graph import with_first_output
from mininet_ros.inference.segmenter import BackendError, Segmentation, Segmenter
from mininet_ros.models import GRAPH, INT8_GRAPH, Model, ModelError

INPUT = "image"
GRAPH_OF_PRECISION = {"float32": GRAPH, "int8": INT8_GRAPH}
OUTPUTS = ("mask", "confidence")
CPU = "CPUExecutionProvider"
# Those of backend gpu, the better choice first: TensorRT builds its engine for minutes.
GPU_PROVIDERS = (
    "CUDAExecutionProvider",
    "TensorrtExecutionProvider",
    "NvTensorRTRTXExecutionProvider",
    "MIGraphXExecutionProvider",
    "ROCMExecutionProvider",
    "DmlExecutionProvider",
)


class OnnxRuntimeSegmenter(Segmenter):
    """Runs a model's ``model.onnx``, or ``model.int8.onnx``.

    The graph is loaded without what only the confidence needs, and a second time with it once the
    confidence is asked for.

    Args:
        model: the model folder.
        threads: threads of one inference on the CPU; 0 for one a core.
        precision: ``float32`` or ``int8``.
        providers: ONNX Runtime's execution providers in the order of preference.

    Raises:
        BackendError: a provider is not to be had here.
        ModelError: the graph is not there, can't be loaded, or disagrees with the model's card.
        ValueError: a negative number of threads.
    """

    runtime = "onnxruntime"

    def __init__(
        self,
        model: Model,
        threads: int = 0,
        precision: str = "float32",
        providers: Sequence[str] = (CPU,),
    ) -> None:
        super().__init__(model)
        self.precision = precision
        graph = GRAPH_OF_PRECISION[precision]
        if not model.has(graph):
            raise ModelError(
                f"model folder {model.folder} has no {graph}: make it with `mininet_ros export "
                f"--int8`, or choose precision float32"
            )
        self._path, self._threads, self._requested = model.path(graph), threads, providers
        self._session = open_session(self._path, threads, providers, first_output_only=True)
        self._whole: onnxruntime.InferenceSession | None = None
        self.providers = tuple(self._session.get_providers())
        self.backend = "gpu" if self.providers[0] in GPU_PROVIDERS else "cpu"
        name = processor_name()
        self.device = name if self.providers[0] == CPU else f"{self.providers[0]} beside {name}"
        expected = [1, model.height, model.width, 3]
        found = self._session.get_inputs()[0]
        if (found.name, found.type, found.shape) != (INPUT, "tensor(uint8)", expected):
            raise ModelError(
                f"{self._path} takes {found.name} {found.type} {found.shape}, but the model's card "
                f"asks for {INPUT} tensor(uint8) {expected}"
            )

    def _run(self, image: np.ndarray) -> Segmentation:
        if self._whole is None:
            self._whole = open_session(self._path, self._threads, self._requested)
        mask, confidence = self._whole.run(OUTPUTS, {INPUT: image[None]})
        return Segmentation(mask[0], confidence[0])

    def _mask(self, image: np.ndarray) -> np.ndarray:
        return run_mask(self._session, image)


def run_mask(session: onnxruntime.InferenceSession, image: np.ndarray) -> np.ndarray:
    """The first output of a graph that takes one picture, without its batch axis.

    Args:
        session: of a model's graph, or of any other network's.
        image: uint8 (H, W, 3), contiguous.
    """
    name = session.get_inputs()[0].name
    return session.run([session.get_outputs()[0].name], {name: image[None]})[0][0]


def open_session(
    path: Path,
    threads: int,
    providers: Sequence[str] = (CPU,),
    first_output_only: bool = False,
) -> onnxruntime.InferenceSession:
    """An ONNX file ready to run.

    Args:
        path: the file.
        threads: of one inference on the CPU; 0 for one a core.
        providers: see :class:`OnnxRuntimeSegmenter`.
        first_output_only: leave out what only further outputs need.

    Raises:
        BackendError: a provider is not to be had here.
        ModelError: the file can't be loaded.
        ValueError: a negative number of threads.
    """
    if threads < 0:
        raise ValueError(f"threads must be 0 (all cores) or more, not {threads}")
    require_providers(providers)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Planning all buffers ahead keeps 22 MB more resident for this network, and is no faster.
    options.enable_mem_pattern = False
    # Threads that spin between two frames would take the cores from the robot's other nodes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        source = with_first_output(path.read_bytes()) if first_output_only else str(path)
        session = onnxruntime.InferenceSession(
            source, options, providers=list(providers), enable_fallback=0
        )
    # ONNX Runtime's errors have no public base class.
    except Exception as error:
        raise ModelError(f"ONNX Runtime can't load {path}: {error}") from error
    # A provider whose libraries are missing is left out without an error.
    if missing := [name for name in providers if name not in session.get_providers()]:
        raise BackendError(
            f"ONNX Runtime can't start its {', '.join(missing)}: install the libraries that it "
            f"needs, or choose other providers"
        )
    return session


def require_providers(providers: Sequence[str]) -> None:
    """Refuse execution providers that the installed ONNX Runtime does not have.

    Raises:
        BackendError: one of them; the sentence lists those that there are.
    """
    available = onnxruntime.get_available_providers()
    if missing := [name for name in providers if name not in available]:
        raise BackendError(
            f"ONNX Runtime {onnxruntime.__version__} has no provider {', '.join(missing)} here: "
            f"choose of {', '.join(available)}"
        )


def gpu_providers() -> tuple[str, ...]:
    """The installed execution providers of a GPU, the better choice first."""
    available = onnxruntime.get_available_providers()
    return tuple(name for name in GPU_PROVIDERS if name in available)


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
