"""A model's weights on a PyTorch device."""

from __future__ import annotations

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from mininet_ros.inference.segmenter import Segmentation, Segmenter
from mininet_ros.models import WEIGHTS, Model, ModelError
from mininet_ros.network import StagedNetwork, build_network


class PyTorchSegmenter(Segmenter):
    """Runs a model's ``weights.safetensors`` on ``device`` (``cuda``, ``cuda:1``, ``cpu``).

    Raises:
        ModelError: the weights do not fit the network that the card names.
    """

    backend = "gpu"
    runtime = "pytorch"

    def __init__(self, model: Model, device: str = "cuda") -> None:
        super().__init__(model)
        self._device = torch.device(device)
        is_cuda = self._device.type == "cuda"
        self.device = torch.cuda.get_device_name(self._device) if is_cuda else device
        self._network = load_network(model).to(self._device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def _run(self, image: np.ndarray) -> Segmentation:
        pixels = torch.from_numpy(image[None]).to(self._device)
        mask, confidence = label(self._network(normalise(pixels, self.model)), image.shape[:2])
        return Segmentation(mask[0].cpu().numpy(), confidence[0].cpu().numpy())


def load_network(model: Model) -> StagedNetwork:
    """The model's network with its weights, on the CPU, ready for inference.

    Raises:
        ModelError: the weights do not fit the network that the card names.
    """
    try:
        network = build_network(model.network, len(model.classes), **model.options)
        network.load_state_dict(load_file(model.path(WEIGHTS)))
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{model.path(WEIGHTS)} does not fit the model's card: {error}") from error
    return network.eval()


def normalise(pixels: Tensor, model: Model) -> Tensor:
    """Network input float32 (N, 3, H, W) from uint8 (N, H, W, 3) BGR, scaled as the card says."""
    scaled = pixels.permute(0, 3, 1, 2).float() * model.scale + model.offset
    return scaled.contiguous(memory_format=torch.channels_last)


def label(logits: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Mask and confidence at ``size`` (height, width), both uint8 (N, height, width).

    The logits (N, classes, h, w) are enlarged bilinearly with half-pixel centres; the largest
    wins, its softmax scaled to 0-255 is the confidence.
    """
    enlarged = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    mask = enlarged.argmax(1).to(torch.uint8)
    confidence = (enlarged.softmax(1).amax(1) * 255).round().to(torch.uint8)
    return mask, confidence
