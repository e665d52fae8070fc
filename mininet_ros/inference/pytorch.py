"""Segmenter that runs a model's weights on a PyTorch device."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from mininet_ros.inference.replay import Replay, why_no_replay
from mininet_ros.inference.segmenter import Segmentation, Segmenter
from mininet_ros.models import WEIGHTS, Model, ModelError
from mininet_ros.network import build_network
from mininet_ros.network.stages import StagedNetwork

NAMES = {torch.float32: "float32", torch.float16: "float16", torch.bfloat16: "bfloat16"}


class PyTorchSegmenter(Segmenter):
    """Runs a model's ``weights.safetensors`` on ``device`` (``cuda``, ``cuda:1``, ``cpu``).

    On a GPU, the operations from bytes to labels are recorded once as a CUDA graph in half
    precision, and then replayed. The device reads and writes the buffers directly. If recording is
    not possible, every operation is launched separately, and ``device`` says so.

    Args:
        model: model folder.
        device: name of the PyTorch device.
        dtype: precision of the network; None for float16 on a GPU and float32 elsewhere. The labels
            are always chosen in float32.
        recorded: True to record a CUDA graph; False launches every operation separately.

    Raises:
        ModelError: the weights do not fit the network that the card names.
    """

    runtime = "pytorch"

    def __init__(
        self,
        model: Model,
        device: str = "cuda",
        dtype: torch.dtype | None = None,
        recorded: bool = True,
    ) -> None:
        super().__init__(model)
        self._device = torch.device(device)
        on_gpu = self._device.type == "cuda"
        self.backend = "gpu" if on_gpu else "cpu"
        self._dtype = dtype or (torch.float16 if on_gpu else torch.float32)
        self.precision = NAMES[self._dtype]
        self._network = load_network(model).to(self._device, self._dtype)
        self._network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - PyTorch types no memory_format
        self.device = torch.cuda.get_device_name(self._device) if on_gpu else device
        self._replays: dict[bool, Replay] = {}
        if on_gpu and recorded and (reason := why_no_replay(self._device) or self._record()):
            self.device += f" (operation by operation: {reason})"

    @torch.inference_mode()
    def on_device(self, pixels: Tensor, with_confidence: bool = True) -> tuple[Tensor, ...]:
        """Return mask and, if requested, confidence, uint8 (N, height, width) on the device.

        Args:
            pixels: uint8 (N, height, width, 3) BGR pictures of the network's size, on the
                segmenter's device.
            with_confidence: whether to compute the confidence.
        """
        logits = self._network(normalise(pixels, self.model, self._dtype)).float()
        size = (self.model.height, self.model.width)
        if with_confidence:
            return label(logits, size)
        return (enlarged(logits, size).argmax(1).to(torch.uint8),)

    def replay(self, with_confidence: bool) -> Replay | None:
        """Return the recorded CUDA graph from bytes to labels; None if there is none."""
        return self._replays.get(with_confidence)

    def _run(self, image: np.ndarray) -> Segmentation:
        mask, confidence = self._labels(image, with_confidence=True)
        return Segmentation(mask, confidence)

    def _mask(self, image: np.ndarray) -> np.ndarray:
        return self._labels(image, with_confidence=False)[0]

    def _labels(self, image: np.ndarray, with_confidence: bool) -> list[np.ndarray]:
        replay = self._replays.get(with_confidence)
        if replay is not None:
            return [output[0] for output in replay(image[None])]
        pixels = torch.from_numpy(image[None]).to(self._device)
        outputs = self.on_device(pixels, with_confidence)
        return [output[0].cpu().numpy() for output in outputs]

    def _record(self) -> str:
        """Record both CUDA graphs; return why this is not possible, or an empty text."""
        shape = (1, self.model.height, self.model.width, 3)
        try:
            for with_confidence in (False, True):
                self._replays[with_confidence] = Replay(
                    self._with(with_confidence), torch.zeros(shape, dtype=torch.uint8), self._device
                )
        except RuntimeError as error:  # errors that PyTorch raises while it records
            self._replays.clear()
            return f"no CUDA graph, {' '.join(str(error).split())[:120]}"
        return ""

    def _with(self, with_confidence: bool) -> Callable[[Tensor], tuple[Tensor, ...]]:
        return lambda pixels: self.on_device(pixels, with_confidence)


def load_network(model: Model) -> StagedNetwork:
    """Load the model's network with its weights on the CPU, ready for inference.

    Raises:
        ModelError: the folder has no weights, or they do not fit the network that the card names.
    """
    if not model.has(WEIGHTS):
        raise ModelError(
            f"model folder {model.folder} has no {WEIGHTS}, as adopted networks: it runs in ONNX "
            f"Runtime at {model.width}x{model.height}; for another input size run "
            f"`mininet_ros adopt` again"
        )
    try:
        network = build_network(model.network, len(model.classes), **model.options)
        network.load_state_dict(load_file(model.path(WEIGHTS)))
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{model.path(WEIGHTS)} does not fit the model's card: {error}") from error
    return network.eval()


def normalise(pixels: Tensor, model: Model, dtype: torch.dtype = torch.float32) -> Tensor:
    """Make the network input (N, 3, H, W) from uint8 (N, H, W, 3) BGR, scaled by the card."""
    scaled = pixels.permute(0, 3, 1, 2).float() * model.scale + model.offset
    return scaled.to(dtype).contiguous(memory_format=torch.channels_last)


def enlarged(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize logits (N, classes, h, w) to ``size``, bilinearly with half-pixel centres."""
    return functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)


def label(logits: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return mask and confidence at ``size`` (height, width), both uint8 (N, height, width).

    The logits (N, classes, h, w) are resized by :func:`enlarged`. The class of the largest logit
    wins; its softmax, scaled to 0 to 255, is the confidence.
    """
    large = enlarged(logits, size)
    mask = large.argmax(1).to(torch.uint8)
    confidence = (large.softmax(1).amax(1) * 255).round().to(torch.uint8)
    return mask, confidence
