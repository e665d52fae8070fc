"""Measures how time and memory grow with pixels, threads, classes, cameras and training crops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.inference import load_segmenter
from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.benchmark.cameras import measure_cameras
from mininet_ros.lab.benchmark.engine import TRAINING, Engine, street
from mininet_ros.lab.benchmark.entries import engines_of
from mininet_ros.lab.benchmark.measure import measure
from mininet_ros.lab.benchmark.training_step import PASSES
from mininet_ros.lab.training.export.int8 import recipe_of
from mininet_ros.lab.training.export.model_folder import INT8, describe_model, write_model
from mininet_ros.models import INT8_GRAPH, Model, load_model
from mininet_ros.network import build_network
from mininet_ros.network.profile import profile_network

SIZES = ((256, 128), (512, 256), (640, 480), (1024, 512))
SIZE = (512, 256)
THREADS = (1, 2)
CLASSES = (2, 11, 19, 150)
CAMERAS = (1, 2, 4)
CAMERA_SIZE, CAMERA_HZ, CAMERA_SECONDS = (640, 480), 10.0, 4.0
CROPS = ((160, 120), (320, 240))
PROCESSES = (1, 2)
BATCH = 4
AXES = ("pixels", "threads", "classes", "cameras", "training")


@dataclass(frozen=True)
class Growth:
    """One measured point.

    Attributes:
        axis: name of the varied quantity, one of ``AXES``.
        series: name of the measured engine and its precision, or of a way to run the nodes.
        setting: the value on the axis, in words.
        work: amount of work relative to the first point of the series, counted in pixels, cameras,
            multiply-accumulates or crops; on the axis of threads, the number of threads.
        ms: median time in ms of an image or a training step; for cameras the latency of a mask.
        bounds: time divided by the time of a matrix product with as many multiply-accumulates and
            threads, measured just before and after; None if there is no such bound.
        memory_mb: peak memory of the process and its children, in 10^6 bytes; for cameras the
            memory of all nodes, shared pages counted once.
        per_s: images, masks or crops per second.
        linear_ms: time in ms under linear growth: the first point's time multiplied by ``work``;
            divided by ``work`` on the axis of threads.
        linear_mb: memory under linear growth, in 10^6 bytes: the first point's memory multiplied
            by ``work``; unchanged on the axis of threads.
    """

    axis: str
    series: str
    setting: str
    work: float
    ms: float
    bounds: float | None
    memory_mb: float
    per_s: float
    linear_ms: float = 0.0
    linear_mb: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return all figures as plain values, for JSON."""
        return asdict(self)


def measure_growth(
    name: str, axes: Sequence[str], threads: int, rounds: int, folder: Path
) -> list[Growth]:
    """Measure a model along some axes.

    Args:
        name: name or path of a model.
        axes: names of the axes, from ``AXES``; the axis of cameras needs rclpy.
        threads: number of cores that are used on every axis except that of threads.
        rounds: number of rounds of each engine, see
            :func:`~mininet_ros.lab.benchmark.measure.measure`.
        folder: folder for the exported graphs.

    Raises:
        ValueError, BenchmarkError, GraphError: something cannot be measured; the message says why.
    """
    model = load_model(name)
    points: list[Growth] = []
    for axis in axes:
        if axis == "pixels":
            for size in SIZES:
                work = size[0] * size[1] / (SIZES[0][0] * SIZES[0][1])
                setting = f"{size[0]}x{size[1]}"
                points += _engines(axis, setting, work, model, size, threads, rounds, folder)
        elif axis == "threads":
            for count in (count for count in THREADS if count <= threads):
                points += _engines(axis, str(count), count, model, SIZE, count, rounds, folder)
        elif axis == "classes":
            gmacs = [_gmacs(model, classes) for classes in CLASSES]
            for classes, work in zip(CLASSES, gmacs, strict=True):
                other = with_classes(model, classes, folder / f"classes{classes}")
                points += _engines(
                    axis, str(classes), work / gmacs[0], other, SIZE, threads, rounds, folder
                )
        elif axis == "cameras":
            points += list(_cameras(name))
        else:
            points += list(_training(model, threads, rounds))
    return with_linear(points)


def with_linear(points: Sequence[Growth]) -> list[Growth]:
    """Fill in ``linear_ms`` and ``linear_mb`` of each point from the first of its series."""
    first: dict[tuple[str, str], Growth] = {}
    beside = []
    for point in points:
        begin = first.setdefault((point.axis, point.series), point)
        factor = point.work / begin.work
        time_factor = 1 / factor if point.axis == "threads" else factor
        memory_factor = 1.0 if point.axis == "threads" else factor
        beside.append(
            replace(
                point,
                linear_ms=begin.ms * time_factor,
                linear_mb=begin.memory_mb * memory_factor,
            )
        )
    return beside


def with_classes(model: Model, classes: int, folder: Path) -> Model:
    """Return the model with another number of classes, for timing only.

    The outputs are those of the model, ordered by the number of pixels that they win in an image,
    and then repeated. The repeated outputs never win, so a mask keeps realistic borders.
    """
    with torch.inference_mode():
        network = load_network(model)
        other = build_network(model.network, classes, **model.options).eval()
        mask = load_segmenter(model, "cpu").segment(street(*SIZE), with_confidence=False).mask
        often = np.argsort(-np.bincount(mask.ravel(), minlength=len(model.classes)), kind="stable")
        chosen = torch.from_numpy(often)[torch.arange(classes) % len(often)]
        state = network.state_dict()
        repeated = torch.arange(classes) >= len(often)
        last = f"stages.{network.table[-1].name}.deconv"
        state[f"{last}.weight"] = state[f"{last}.weight"][:, chosen]
        state[f"{last}.bias"] = state[f"{last}.bias"][chosen] - repeated.float()
        other.load_state_dict(state)
    names = tuple(f"class{number}" for number in range(classes))
    table = ClassTable(names, tuple((number, 0, 0) for number in range(classes)))
    card = describe_model(model.network, model.options, table, *SIZE)
    recipe = None
    if model.has(INT8_GRAPH):
        import onnx

        recipe = recipe_of(onnx.load(model.path(INT8_GRAPH)), model.card.get(INT8, {}))
    return write_model(other, card, folder, recipe)


def _gmacs(model: Model, classes: int) -> float:
    return profile_network(build_network(model.network, classes, **model.options), *SIZE).gmacs


def _engines(
    axis: str,
    setting: str,
    work: float,
    model: Model,
    size: tuple[int, int],
    threads: int,
    rounds: int,
    folder: Path,
) -> list[Growth]:
    place = folder / f"{axis}_{setting}"
    engines, _ = engines_of([str(model.folder)], [], size, (), place)
    timings, _ = measure(engines, *size, threads, rounds)
    return [
        Growth(
            axis=axis,
            series=timing.engine.precision,
            setting=setting,
            work=work,
            ms=timing.median_ms,
            bounds=timing.gemm_ratios[1] if timing.gemm_ratios else None,
            memory_mb=timing.peak_mb,
            per_s=1e3 / timing.median_ms,
        )
        for timing in timings
    ]


def _cameras(name: str) -> Iterator[Growth]:
    for count in CAMERAS:
        for timing in measure_cameras(name, count, *CAMERA_SIZE, CAMERA_HZ, CAMERA_SECONDS, 1):
            yield Growth(
                axis="cameras",
                series=timing.way,
                setting=str(count),
                work=count,
                ms=timing.latency_ms,
                bounds=None,
                memory_mb=timing.proportional_mb,
                per_s=timing.masks_per_s,
            )


def _training(model: Model, threads: int, rounds: int) -> Iterator[Growth]:
    for size in CROPS:
        network = build_network(model.network, len(model.classes), **model.options)
        macs = round(1e9 * profile_network(network, *size).gmacs)
        engines = [
            Engine(
                _in_words(processes, "process"),
                TRAINING,
                str(model.folder),
                macs=PASSES * BATCH * processes * macs,
                batch=BATCH,
                processes=processes,
            )
            for processes in PROCESSES
            if processes <= threads
        ]
        timings, _ = measure(engines, *size, threads, max(1, rounds // 4))
        for timing in timings:
            crops = timing.engine.batch * timing.engine.processes
            yield Growth(
                axis="training",
                series=timing.engine.name,
                setting=f"{size[0]}x{size[1]}",
                work=size[0] * size[1] / (CROPS[0][0] * CROPS[0][1]),
                ms=timing.median_ms,
                bounds=timing.gemm_ratios[1] if timing.gemm_ratios else None,
                memory_mb=timing.peak_mb,
                per_s=1e3 * crops / timing.median_ms,
            )


def _in_words(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}es"
