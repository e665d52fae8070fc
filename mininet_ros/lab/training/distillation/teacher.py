"""Teachers: a model folder of this package, or any ONNX file with a yaml file beside it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import torch

from mininet_ros.inference.onnx_runtime import open_session, run_session
from mininet_ros.inference.pytorch import load_network, normalise
from mininet_ros.inference.segmenter import fit_input
from mininet_ros.lab.training.distillation.maps import resized_map
from mininet_ros.lab.training.distillation.regions import grow_regions
from mininet_ros.lab.training.distillation.teacher_card import (
    TeacherCard,
    TeacherError,
    read_teacher_card,
)
from mininet_ros.models import WEIGHTS, Model, load_model

MODEL_SCALES = (1.0, 1.25)  # factors on the size of a model's input; the predictions are averaged
INPUT_TYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32}
LEAST_PROBABILITY = 1e-6  # avoids 0 / 0 at pixels where all classes have probability 0


class Teacher(Protocol):
    """A network that gives a training soft labels in addition to its labels.

    Attributes:
        name: name of the teacher for model cards.
        sha256: SHA-256 over everything that determines the teacher's output.
        licence: licence of the teacher in words, for model cards.
        data: training data of the teacher in words, for model cards.
    """

    name: str
    sha256: str
    licence: str
    data: str

    def check(self) -> None:
        """Check before a long computation that the teacher works.

        Raises:
            TeacherError: the teacher does not work.
        """
        ...

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Return the class probabilities of an image.

        Args:
            image: image uint8 (H, W, 3) BGR of any size.

        Returns:
            Probabilities float32 (h, w, classes) of the whole image at any size; they sum to 1.
        """
        ...


def load_teacher(path: str | Path, classes: tuple[str, ...]) -> Teacher:
    """Load a teacher for a training.

    Args:
        path: ONNX file with a yaml file of the same name beside it, or a model's name or folder.
        classes: names of the classes of the training, in order.

    Raises:
        TeacherError: the teacher cannot be loaded, or does not have these classes.
        ModelError: the model folder does not exist or is damaged.
    """
    if Path(path).suffix == ".onnx":
        return OnnxTeacher(Path(path).expanduser(), classes)
    return ModelTeacher(load_model(path), classes)


class ModelTeacher:
    """A model folder as a teacher; it has the classes of the training in any order.

    Raises:
        TeacherError: the model has other classes.
    """

    def __init__(self, model: Model, classes: tuple[str, ...]) -> None:
        if sorted(model.classes) != sorted(classes):
            raise TeacherError(
                f"the teacher {model.folder} knows the classes {', '.join(model.classes)}, but "
                f"those to learn are {', '.join(classes)}"
            )
        self.name = model.name
        self.licence = str(model.card.get("data", {}).get("licence", "not stated"))
        self.data = str(model.card.get("data", {}).get("name", "not stated"))
        self.sha256 = hashlib.sha256(
            model.path(WEIGHTS).read_bytes() + repr((MODEL_SCALES, model.classes)).encode()
        ).hexdigest()
        self._model = model
        self._network = load_network(model)
        self._order = [model.classes.index(name) for name in classes]

    def check(self) -> None:
        """See :meth:`Teacher.check`; the folder was already verified when it was loaded."""

    @torch.inference_mode()
    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """See :meth:`Teacher.probabilities`."""
        total = []
        for width, height in _sizes(
            self._model.width, self._model.height, MODEL_SCALES, self._network.multiple
        ):
            pixels = fit_input(image, width, height)
            both = torch.from_numpy(np.stack([pixels, pixels[:, ::-1]]))
            straight, mirrored = self._network(normalise(both, self._model)).softmax(1)
            total.append(((straight + mirrored.flip(-1)) / 2).permute(1, 2, 0).numpy())
        return _mean(total)[..., self._order]


class OnnxTeacher:
    """Any network in an ONNX file as a teacher, described by the yaml file beside it.

    Raises:
        TeacherError: a file is missing, or the yaml file is incomplete.
    """

    def __init__(self, path: Path, classes: tuple[str, ...]) -> None:
        if not path.is_file():
            raise TeacherError(f"teacher {path} does not exist")
        card_path = path.with_suffix(".yaml")
        self._path = path
        self._card = card = read_teacher_card(card_path, classes)
        self._sizes = _sizes(card.width, card.height, card.scales, card.multiple)
        self.name = path.stem
        self.licence, self.data = card.licence, card.data
        self.sha256 = hashlib.sha256(path.read_bytes() + card_path.read_bytes()).hexdigest()

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        # Opened at first use: large graphs take minutes to load, and stored soft labels need none.
        print(f"opening the teacher {self.name}, which may take minutes", file=sys.stderr)
        try:
            return open_session(self._path, torch.get_num_threads())
        except ValueError as error:
            raise TeacherError(f"teacher {self._path} cannot be loaded: {error}") from error

    @cached_property
    def _dtype(self) -> type:
        return _input_type(self._session, self._card)

    def check(self) -> None:
        """See :meth:`Teacher.check`; graph and card must agree on every size."""
        for width, height in self._sizes:
            self._try(width, height)

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """See :meth:`Teacher.probabilities`."""
        total = []
        for width, height in self._sizes:
            pixels = fit_input(image, width, height)
            said = self._run(pixels)
            if self._card.is_mirrored:
                said = (said + self._run(pixels[:, ::-1])[:, ::-1]) / 2
            total.append(said)
        return _mean(total)

    def _run(self, pixels: np.ndarray) -> np.ndarray:
        card = self._card
        if card.channel_order == "rgb":
            pixels = pixels[..., ::-1]
        if self._dtype != np.uint8:
            pixels = pixels * card.scale + card.offset
        if card.layout == "nchw":
            pixels = pixels.transpose(2, 0, 1)
        feeds = {card.input_name: np.ascontiguousarray(pixels[None], self._dtype)}
        output = run_session(self._session, [card.output_name], feeds)[0].astype(np.float32)
        if output.ndim != 4:
            raise ValueError(f"its output has the shape {output.shape}, not four axes")
        channels_last = (1, 2, 0) if card.output_layout == "nchw" else (0, 1, 2)
        return _as_ours(output[0].transpose(channels_last), card)

    def _try(self, width: int, height: int) -> None:
        """Check that graph and card agree on an input of this size."""
        try:
            self._run(np.full((height, width, 3), 128, np.uint8))
        except TeacherError:
            raise
        # ONNX Runtime's errors have no public base class.
        except Exception as error:
            raise TeacherError(
                f"{self._card.path} does not fit its ONNX file at {width}x{height}: {error}"
            ) from error


def _input_type(session: onnxruntime.InferenceSession, card: TeacherCard) -> type:
    types = {value.name: value.type for value in session.get_inputs()}
    if list(types) != [card.input_name] or types[card.input_name] not in INPUT_TYPES:
        raise TeacherError(
            f"{card.path} names the input {card.input_name!r}, but the teacher's inputs are {types}"
        )
    return INPUT_TYPES[types[card.input_name]]


def _as_ours(output: np.ndarray, card: TeacherCard) -> np.ndarray:
    """Convert a graph's output (h, w, channels) to probabilities float32 (h, w, classes).

    Channels that belong to no class of the training are left out. The others are normalised to a
    sum of 1.

    Raises:
        ValueError: the card names a channel that the output does not have.
    """
    highest = max(channel for channels in card.channels for channel in channels)
    if highest >= output.shape[2]:
        raise ValueError(f"it maps channel {highest}, but the output has {output.shape[2]}")
    if card.activation == "softmax":
        output = np.exp(output - output.max(2, keepdims=True))
        output /= output.sum(2, keepdims=True)
    elif card.activation == "sigmoid":
        output = 1 / (1 + np.exp(-output))
    ours = np.stack([output[..., list(channels)].sum(2) for channels in card.channels], 2)
    if card.grown_ratio:
        ours = grow_regions(ours, card.grown_ratio)
    if () in card.channels:
        rest = card.channels.index(())
        ours[..., rest] = np.clip(1 - ours.sum(2), 0, 1)
    ours = np.clip(ours, LEAST_PROBABILITY, None)
    return ours / ours.sum(2, keepdims=True)


def _sizes(
    width: int, height: int, scales: Sequence[float], multiple: int
) -> tuple[tuple[int, int], ...]:
    """Return width and height at each scale, rounded to multiples of ``multiple``."""
    return tuple(
        (
            max(1, round(width * scale / multiple)) * multiple,
            max(1, round(height * scale / multiple)) * multiple,
        )
        for scale in scales
    )


def _mean(maps: list[np.ndarray]) -> np.ndarray:
    """Return the mean of maps (h, w, classes) at the size of the largest one."""
    height, width = max(one.shape[:2] for one in maps)
    return np.mean([resized_map(one, width, height) for one in maps], axis=0)
