"""The yaml file beside a teacher's ONNX file: its input, its output and its classes.

The documentation page on teachers has an example.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

REST = "rest"
LAYOUTS = ("nchw", "nhwc")
ACTIVATIONS = ("softmax", "sigmoid", "none")


class TeacherError(ValueError):
    """A teacher cannot be used; the message is one sentence with the file and the reason."""


@dataclass(frozen=True)
class TeacherCard:
    """The yaml file beside an ONNX file.

    Attributes:
        path: path of the yaml file.
        licence: licence of the teacher in words, for the cards of its students.
        data: training data of the teacher in words, for the cards of its students.
        input_name: name of the graph's input.
        width, height: input size in pixels before it is multiplied by ``scales``.
        layout: layout of the input, ``nchw`` or ``nhwc``.
        channel_order: order of the colour channels, ``bgr`` or ``rgb``.
        scale, offset: float32 (3,) in the order of the channels; a pixel value v from 0 to 255 is
            normalised to ``v * scale + offset``.
        scales: factors on width and height; the predictions at all scales are averaged.
        multiple: number of pixels that the sides of the input are rounded to multiples of.
        is_mirrored: whether the prediction of the mirrored image is also averaged.
        output_name: name of the graph's output.
        output_layout: layout of the output: ``nchw`` for (1, channels, h, w), ``nhwc`` for
            (1, h, w, channels).
        activation: function that turns the output into probabilities, one of
            :data:`ACTIVATIONS`.
        grown_ratio: factor for growing shrunk regions, see
            :func:`mininet_ros.lab.training.distillation.regions.grow_regions`; 0 means no growth.
        channels: output channels of each class, in the order of the classes; their probabilities
            are added. A class without channels gets 1 minus the probabilities of the others.
    """

    path: Path
    licence: str
    data: str
    input_name: str
    width: int
    height: int
    layout: str
    channel_order: str
    scale: np.ndarray
    offset: np.ndarray
    scales: tuple[float, ...]
    multiple: int
    is_mirrored: bool
    output_name: str
    output_layout: str
    activation: str
    grown_ratio: float
    channels: tuple[tuple[int, ...], ...]


def read_teacher_card(path: Path, classes: tuple[str, ...]) -> TeacherCard:
    """Read the yaml file beside a teacher's ONNX file.

    Args:
        path: yaml file to read.
        classes: names of the classes of the training, in order.

    Raises:
        TeacherError: the file is missing or cannot be read, an entry is missing or invalid, or a
            class has no entry.
    """
    try:
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TeacherError(
            f"{path}, which says what the teacher's input and classes are, cannot be read: "
            f"{error.strerror}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TeacherError(f"{path} is not readable yaml: {error}") from error
    try:
        taken, given, mapping = card["input"], card["output"], dict(card["classes"])
        return TeacherCard(
            path=path,
            licence=str(card["licence"]),
            data=str(card["data"]),
            input_name=str(taken["name"]),
            width=int(taken["width"]),
            height=int(taken["height"]),
            layout=_one_of(path, "input layout", taken["layout"], LAYOUTS),
            channel_order=_one_of(path, "channel_order", taken["channel_order"], ("bgr", "rgb")),
            scale=np.broadcast_to(np.asarray(taken["scale"], np.float32), 3),
            offset=np.broadcast_to(np.asarray(taken["offset"], np.float32), 3),
            scales=_factors(path, taken.get("scales", [1.0])),
            multiple=int(taken.get("multiple", 1)),
            is_mirrored=bool(taken.get("mirror", True)),
            output_name=str(given["name"]),
            output_layout=_one_of(path, "output layout", given["layout"], LAYOUTS),
            activation=_one_of(path, "activation", given["activation"], ACTIVATIONS),
            grown_ratio=float(given.get("grown_ratio", 0.0)),
            channels=_channels_of(path, mapping, classes),
        )
    except TeacherError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TeacherError(f"{path} lacks an entry or has a wrong one: {error!r}") from error


def _channels_of(
    path: Path, mapping: dict[str, Any], classes: tuple[str, ...]
) -> tuple[tuple[int, ...], ...]:
    missing = [name for name in classes if name not in mapping]
    unknown = [name for name in mapping if name not in classes]
    if missing or unknown:
        what = f"does not map {missing[0]!r}" if missing else f"maps {unknown[0]!r}"
        raise TeacherError(f"{path} {what}, but the classes to learn are {', '.join(classes)}")
    found: list[tuple[int, ...]] = []
    for name in classes:
        entry = mapping[name]
        channels = entry if isinstance(entry, list) else [entry]
        if entry == REST:
            channels = []
        elif not channels or not all(type(value) is int and value >= 0 for value in channels):
            raise TeacherError(
                f"{path} maps {name!r} to {entry!r}, which is neither a channel of the teacher's "
                f"output, nor a list of them, nor {REST!r}"
            )
        found.append(tuple(channels))
    used = [channel for channels in found for channel in channels]
    if len(set(used)) != len(used) or found.count(()) > 1:
        raise TeacherError(f"{path} gives a channel, or {REST!r}, to two classes")
    return tuple(found)


def _one_of(path: Path, name: str, value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise TeacherError(f"{path}: {name} must be one of {', '.join(allowed)}, not {value!r}")
    return str(value)


def _factors(path: Path, values: list[float]) -> tuple[float, ...]:
    factors = tuple(float(value) for value in values)
    if not factors or min(factors) <= 0:
        raise TeacherError(f"{path}: scales must be positive factors, not {values!r}")
    return factors
