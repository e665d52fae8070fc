"""Exported graph in ONNX Runtime, on the CPU or another provider; imports no PyTorch."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime

from mininet_ros.inference.graph_checks import refuse_external_data, require_outputs
from mininet_ros.inference.partial_graph import with_first_output
from mininet_ros.inference.segmenter import BackendError, Segmentation, Segmenter
from mininet_ros.models import GRAPH, INT8_GRAPH, Model, ModelError

INPUT = "image"
GRAPH_OF_PRECISION = {"float32": GRAPH, "int8": INT8_GRAPH}
OUTPUTS = ("mask", "confidence")
CPU = "CPUExecutionProvider"
# Providers of backend gpu, the better choice first: TensorRT needs minutes to build its engine.
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

    The graph is loaded without the nodes that only the confidence needs. The whole graph is loaded
    too once the confidence is requested.

    Args:
        model: model folder.
        threads: CPU threads of one inference; 0 for one thread per core.
        precision: precision of the graph, ``float32`` or ``int8``.
        providers: ONNX Runtime's execution providers in the order of preference.

    Raises:
        BackendError: a provider is not available here.
        ModelError: the graph is missing, cannot be loaded, or contradicts the model's card.
        ValueError: the number of threads is negative.
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
        refuse_external_data(self._path, self._path.read_bytes())
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
        # Released after its trial run: it only uses memory while the confidence is not requested.
        require_outputs(self._path, open_session(self._path, threads, providers), model)

    def _run(self, image: np.ndarray) -> Segmentation:
        if self._whole is None:
            self._whole = open_session(self._path, self._threads, self._requested)
        mask, confidence = run_session(self._whole, OUTPUTS, {INPUT: image[None]})
        return Segmentation(mask[0], confidence[0])

    def _mask(self, image: np.ndarray) -> np.ndarray:
        return run_mask(self._session, image)


def run_mask(session: onnxruntime.InferenceSession, image: np.ndarray) -> np.ndarray:
    """Return the first output of a graph for one picture, without the batch axis.

    Args:
        session: session of a model's graph, or of another network's.
        image: uint8 (H, W, 3) picture, C-contiguous.
    """
    name = session.get_inputs()[0].name
    return run_session(session, [session.get_outputs()[0].name], {name: image[None]})[0][0]


def run_session(
    session: onnxruntime.InferenceSession, names: Sequence[str], feeds: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
    """Run a graph whose outputs are all dense arrays, and return their values.

    Args:
        session: session of the graph.
        names: names of the outputs.
        feeds: input arrays by name.
    """
    return cast(list[np.ndarray], session.run(names, feeds))


def open_session(
    graph: Path | bytes,
    threads: int,
    providers: Sequence[str] = (CPU,),
    first_output_only: bool = False,
) -> onnxruntime.InferenceSession:
    """Open an ONNX graph, ready to run.

    Args:
        graph: path of a file, or its content.
        threads: CPU threads of one inference; 0 for one thread per core.
        providers: names of execution providers in the order of preference.
        first_output_only: whether to leave out nodes that only further outputs need.

    Raises:
        BackendError: a provider is not available here.
        ModelError: the file cannot be loaded.
        ValueError: the number of threads is negative.
    """
    if threads < 0:
        raise ValueError(f"threads must be 0 (all cores) or more, not {threads}")
    require_providers(providers)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Planning all buffers in advance keeps 22 MB more resident for this network, and is no faster.
    options.enable_mem_pattern = False
    # Threads that spin between two frames would take CPU time from the robot's other nodes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        source = graph if isinstance(graph, bytes) else str(graph)
        if first_output_only:
            content = graph if isinstance(graph, bytes) else graph.read_bytes()
            source = with_first_output(content)
        session = onnxruntime.InferenceSession(
            source, options, providers=list(providers), enable_fallback=0
        )
    # ONNX Runtime's errors have no public base class.
    except Exception as error:
        name = "the graph" if isinstance(graph, bytes) else graph
        reason = " ".join(str(error).split())
        raise ModelError(f"ONNX Runtime cannot load {name}: {reason}") from error
    # ONNX Runtime silently ignores a provider whose libraries are missing.
    if missing := [name for name in providers if name not in session.get_providers()]:
        raise BackendError(
            f"ONNX Runtime cannot start its {', '.join(missing)}: install the libraries that it "
            f"needs, or choose other providers"
        )
    return session


def require_providers(providers: Sequence[str]) -> None:
    """Check that the installed ONNX Runtime has the execution providers.

    Raises:
        BackendError: a provider is missing; the message lists the installed ones.
    """
    available = onnxruntime.get_available_providers()
    if missing := [name for name in providers if name not in available]:
        raise BackendError(
            f"ONNX Runtime {onnxruntime.__version__} has no provider {', '.join(missing)} here: "
            f"choose of {', '.join(available)}"
        )


def gpu_providers() -> tuple[str, ...]:
    """Return the installed GPU execution providers, the better choice first."""
    available = onnxruntime.get_available_providers()
    return tuple(name for name in GPU_PROVIDERS if name in available)


def processor_name() -> str:
    """Return the model name of this machine's processor, or its architecture if unknown."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.partition(":")
                if key.strip() == "model name":
                    return value.strip()
    except OSError:
        return platform.machine()
    return platform.machine()
