"""A segmentation network of somebody else's: an ONNX file, and what a trial run shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, version_converter

from mininet_ros.inference.onnx_runtime import open_session, run_session
from mininet_ros.lab.adopt.errors import AdoptError
from mininet_ros.lab.adopt.outputs import OutputForm, output_form

OPSET = 17
OLDEST_OPSET = 13
INPUT_TYPES: dict[int, type] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.FLOAT16: np.float16,
    TensorProto.UINT8: np.uint8,
}


@dataclass(frozen=True)
class Preparation:
    """How pixels enter a network: ``(value * scale - mean) / std`` for a value of 0 to 255.

    Attributes:
        mean, std: of each channel, in the network's channel order.
        scale: factor on the pixel value before the mean is subtracted.
        order: of the channels, ``rgb`` or ``bgr``.
        layout: of the input, ``nchw`` or ``nhwc``.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    scale: float = 1 / 255
    order: str = "rgb"
    layout: str = "nchw"

    def __post_init__(self) -> None:
        if not np.isfinite([*self.mean, *self.std, self.scale]).all():
            raise AdoptError("mean, std and scale must be finite numbers")
        if min(np.abs(self.std)) == 0 or self.scale == 0:
            raise AdoptError("std and scale must not be 0")

    @property
    def is_plain(self) -> bool:
        """Whether no mean is subtracted and no deviation divided by."""
        return not any(self.mean) and set(self.std) == {1.0}

    def apply(self, image: np.ndarray, dtype: type) -> np.ndarray:
        """The network's input for a picture, as NumPy computes it.

        Args:
            image: uint8 (H, W, 3) BGR.
            dtype: of the network's input; pictures of ``uint8`` enter as they are.

        Returns:
            ``dtype`` (1, 3, H, W), or (1, H, W, 3) where the layout is ``nhwc``.
        """
        picture = image[..., ::-1] if self.order == "rgb" else image
        if dtype is not np.uint8:
            scaled = picture.astype(np.float32) * np.float32(self.scale)
            picture = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        if self.layout == "nchw":
            picture = picture.transpose(2, 0, 1)
        return np.ascontiguousarray(picture[None], dtype=dtype)


@dataclass(frozen=True)
class ForeignNetwork:
    """An ONNX graph with a fixed input, and what it gives.

    Attributes:
        graph: with static input dimensions and weights inside.
        input, dtype: name and NumPy type of the input.
        output, form: name of the output that is used, and how it is read.
        classes: number of classes.
    """

    graph: onnx.ModelProto
    input: str
    dtype: type
    output: str
    form: OutputForm
    classes: int


def read_graph(path: Path) -> onnx.ModelProto:
    """An ONNX file with its weights inside, of an operator set that the wrapper can be written in.

    Raises:
        AdoptError: the file cannot be read, is no ONNX file, or is of an operator set that cannot
            be converted.
    """
    if not path.is_file():
        said = "is no file" if path.exists() else "does not exist"
        raise AdoptError(f"{path} {said}: give an ONNX file")
    try:
        graph = onnx.load(str(path))
    # Protobuf's errors and those of weights beside the file have no common base class.
    except Exception as error:
        raise AdoptError(f"{path} is not a readable ONNX file: {first_line(error)}") from error
    if not graph.graph.node:
        raise AdoptError(f"{path} is not a readable ONNX file: it holds no graph")
    opset = next((entry.version for entry in graph.opset_import if not entry.domain), OPSET)
    if opset < OLDEST_OPSET:
        try:
            graph = version_converter.convert_version(graph, OPSET)
        except (RuntimeError, ValueError) as error:
            raise AdoptError(
                f"{path} is of operator set {opset} and cannot be converted to {OPSET}: export it "
                f"anew with operator set {OLDEST_OPSET} or later"
            ) from error
    return graph


def layout_of(graph: onnx.ModelProto) -> str:
    """``nhwc`` where the input's last dimension alone is 3, else ``nchw``.

    Raises:
        AdoptError: the graph does not take one picture.
    """
    shape = _input(graph).type.tensor_type.shape.dim
    is_last = shape[3].dim_value == 3 and shape[1].dim_value != 3
    return "nhwc" if is_last else "nchw"


def fixed_size(graph: onnx.ModelProto, layout: str) -> tuple[int, int] | None:
    """Width and height that a graph's input demands; None where they are free.

    Raises:
        AdoptError: the graph does not take one picture of three channels.
    """
    shape = _input(graph).type.tensor_type.shape.dim
    sides = (2, 1) if layout == "nhwc" else (3, 2)
    width, height = (shape[side].dim_value for side in sides)
    channels = shape[3 if layout == "nhwc" else 1].dim_value
    if channels not in (0, 3):
        other = "nchw" if layout == "nhwc" else "nhwc"
        raise AdoptError(
            f"the network takes {channels} channels in layout {layout}, but a picture has 3: "
            f"give --layout {other} if the channels stand elsewhere"
        )
    return (width, height) if width > 0 and height > 0 else None


def open_foreign(
    path: Path,
    preparation: Preparation,
    width: int,
    height: int,
    classes: int,
    output: str | None = None,
) -> ForeignNetwork:
    """Read an ONNX file, fix its input's size, and look at what it gives for one picture.

    Args:
        path: the file; weights may lie in files beside it.
        preparation: what its input expects.
        width, height: of its input in pixels.
        classes: number of classes that it should tell apart.
        output: name of the output to use; None takes the first.

    Raises:
        AdoptError: it cannot be read or run, or its output is no segmentation of these classes.
    """
    graph = read_graph(path)
    size = fixed_size(graph, preparation.layout)
    if size not in (None, (width, height)):
        raise AdoptError(
            f"{path} takes pictures of {size[0]}x{size[1]}: give --input-size {size[0]}x{size[1]}"
        )
    value = _input(graph)
    dtype = INPUT_TYPES.get(value.type.tensor_type.elem_type)
    if dtype is None:
        raise AdoptError(f"{path}: its input {value.name} is neither float, float16 nor uint8")
    if dtype is np.uint8 and not preparation.is_plain:
        raise AdoptError(
            f"{path}: its input {value.name} takes pictures as they are, of 0 to 255: leave out "
            f"--mean and --std"
        )
    shape = (1, height, width, 3) if preparation.layout == "nhwc" else (1, 3, height, width)
    for dimension, side in zip(value.type.tensor_type.shape.dim, shape, strict=True):
        dimension.dim_value = side
    names = [found.name for found in graph.graph.output]
    name = output or names[0]
    if name not in names:
        raise AdoptError(f"{path} has no output {name}: choose one of {', '.join(names)}")
    graph = simplified(graph, path)
    given = run_foreign(graph, preparation.apply(trial_picture(width, height), dtype), name, path)
    others = f" (of {', '.join(names)})" if len(names) > 1 else ""
    form = output_form(given, classes, f"{path}: output {name}{others}")
    return ForeignNetwork(graph, value.name, dtype, name, form, classes)


def simplified(graph: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """The same graph with its constant parts computed once, which some exporters leave undone.

    Raises:
        AdoptError: ONNX Runtime cannot load the graph on the CPU.
    """
    with TemporaryDirectory() as folder:
        written = Path(folder) / path.name
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # The basic level keeps to standard operators, so that the result runs everywhere.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(written)
        try:
            onnxruntime.InferenceSession(
                graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        # ONNX Runtime's errors have no public base class.
        except Exception as error:
            raise AdoptError(f"ONNX Runtime cannot load {path}: {first_line(error)}") from error
        return onnx.load(str(written))


def run_foreign(graph: onnx.ModelProto, given: np.ndarray, output: str, path: Path) -> np.ndarray:
    """One output of a graph for one input.

    Raises:
        AdoptError: ONNX Runtime cannot run the graph on the CPU.
    """
    try:
        session = open_session(graph.SerializeToString(), threads=1)
        return run_session(session, [output], {session.get_inputs()[0].name: given})[0]
    # ONNX Runtime's errors have no public base class.
    except Exception as error:
        raise AdoptError(f"ONNX Runtime cannot run {path}: {first_line(error)}") from error


def trial_picture(width: int, height: int) -> np.ndarray:
    """A fixed picture of gradients and noise, uint8 (height, width, 3)."""
    random = np.random.default_rng(0)
    rows = np.linspace(0, 255, height)[:, None, None]
    columns = np.linspace(0, 255, width)[None, :, None]
    noise = random.uniform(-40, 40, (height, width, 3))
    return np.clip((rows + columns) / 2 + noise, 0, 255).astype(np.uint8)


def first_line(error: Exception) -> str:
    """What a library's error says, as one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _input(graph: onnx.ModelProto) -> onnx.ValueInfoProto:
    weights = {weight.name for weight in graph.graph.initializer}
    inputs = [value for value in graph.graph.input if value.name not in weights]
    if len(inputs) != 1 or len(inputs[0].type.tensor_type.shape.dim) != 4:
        shapes = ", ".join(value.name for value in inputs) or "none"
        raise AdoptError(
            f"the network must take one picture of four dimensions, but its inputs are: {shapes}"
        )
    return inputs[0]
