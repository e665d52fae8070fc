"""Times our networks and peers from image to label mask, on this machine's CPU and GPU."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from mininet_ros.inference.pytorch import label
from mininet_ros.lab.benchmark.engine import Engine
from mininet_ros.lab.benchmark.measure import measure
from mininet_ros.lab.benchmark.peer import peer_engine
from mininet_ros.lab.study.rows import Row, named, same_network
from mininet_ros.lab.training.export.graph import build_graph
from mininet_ros.lab.training.export.model_folder import OFFSET, SCALE
from mininet_ros.lab.training.prediction import to_input
from mininet_ros.network import build_network
from mininet_ros.network.stages import StagedNetwork

PEER_TABLES = ("VI", "VII", "VIII")
GPU_WARM_UP = 10
GPU_RUNS = 50
# Larger than any other logit. The mask of an untrained network would be noise, and upsampling
# logits costs most along the borders between classes.
DECIDED = 1e4

Tables = dict[str, list[Row]]
Size = tuple[int, int]


def with_peers(tables: Tables, peers: Mapping[str, Path]) -> Tables:
    """Add a row to Tables VI to VIII for every peer that has none.

    A peer with the name of a method in the paper is measured in the row of that method, at the
    input size of the row. Another peer gets its own row: at the fixed input size of its file, or
    at the size of each of our networks.

    Raises:
        ValueError: none of these tables is selected, or a file is not an ONNX model.
    """
    wanted = [number for number in tables if number in PEER_TABLES]
    if peers and not wanted:
        raise ValueError(f"peers have their place in Tables {', '.join(PEER_TABLES)}")
    extended = dict(tables)
    for name, path in peers.items():
        for number in wanted:
            rows = extended[number]
            if not named(rows, name):
                ours = dict.fromkeys((row.width, row.height) for row in rows if row.network)
                size = fixed_size(path)
                sizes = list(ours) if size is None else [size]
                extended[number] = rows + [
                    Row(name, "", width, height, 0) for width, height in sizes
                ]
    return extended


def with_cpu_times(
    tables: Tables, peers: Mapping[str, Path], threads: int, blocks: int, folder: Path
) -> Tables:
    """Measure the CPU time of each network and peer; each input size is one benchmark run.

    Args:
        tables: tables from :func:`with_peers`.
        peers: ONNX files by name; their parameters and operations are also counted.
        threads: number of CPU threads of every engine.
        blocks: number of blocks of a few runs; engines of the same size take turns by blocks.
        folder: folder for the exported graphs.

    Raises:
        ValueError, BenchmarkError: see :mod:`mininet_ros.lab.benchmark`.
    """
    places: dict[Size, dict[str, list[tuple[str, int]]]] = {}
    files = {name.casefold(): path for name, path in peers.items()}
    for number, rows in tables.items():
        for place, row in enumerate(rows):
            is_peer = number in PEER_TABLES and row.name.casefold() in files
            if is_peer or row.network:
                key = row.name if is_peer else f"{same_network(row.network)}_{row.classes}"
                size = (row.width, row.height)
                places.setdefault(size, {}).setdefault(key, []).append((number, place))
    timed = {number: list(rows) for number, rows in tables.items()}
    for size, engines_places in places.items():
        engines = []
        for key, of_key in engines_places.items():
            number, place = of_key[0]
            row, path = tables[number][place], files.get(key.casefold())
            engines.append(
                peer_engine(key, path, *size, folder) if path else _engine(key, row, folder)
            )
        timings, _ = measure(engines, *size, threads, blocks)
        for timing, of_key in zip(timings, engines_places.values(), strict=True):
            for number, place in of_key:
                row = timed[number][place]
                timed[number][place] = replace(
                    row, cpu_ms=timing.median_ms, **_counts(timing.engine, row)
                )
    return timed


def with_gpu_times(tables: Tables) -> Tables:
    """Measure the time of our networks on the CUDA device; without one, change nothing."""
    if not torch.cuda.is_available():
        return tables
    times: dict[tuple[str, int, int, int], float] = {}
    timed: Tables = {}
    for number, rows in tables.items():
        timed[number] = []
        for row in rows:
            if row.network:
                key = (same_network(row.network), row.classes, row.width, row.height)
                if key not in times:
                    times[key] = time_in_pytorch(_untrained(row), row.width, row.height, "cuda")
                row = replace(row, gpu_ms=times[key])
            timed[number].append(row)
    return timed


@torch.inference_mode()
def time_in_pytorch(network: StagedNetwork, width: int, height: int, device: str) -> float:
    """Return the median time in ms from an image to its label mask, both in device memory."""
    place = torch.device(device)
    network.to(place)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - PyTorch types no memory_format
    network.eval()
    picture = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    image = to_input(picture, place)
    times = []
    for _ in range(GPU_WARM_UP + GPU_RUNS):
        _finish(place)
        started = time.perf_counter()
        label(network(image), (height, width))
        _finish(place)
        times.append(1e3 * (time.perf_counter() - started))
    return float(np.median(times[GPU_WARM_UP:]))


def fixed_size(path: Path) -> Size | None:
    """Return the fixed input width and height of an ONNX file in pixels; None if they are free.

    Raises:
        ValueError: the file is not an ONNX model.
    """
    try:
        taken = onnx.load(path, load_external_data=False).graph.input[0]
    except Exception as error:  # the protobuf decoder's errors share no public base class
        raise ValueError(f"{path} is no ONNX file: {error}") from error
    dims = [dim.dim_value for dim in taken.type.tensor_type.shape.dim]
    if len(dims) != 4:
        return None
    height, width = dims[2:] if dims[1] in (0, 3) else dims[1:3]
    return (width, height) if width and height else None


def _counts(engine: Engine, row: Row) -> dict[str, float]:
    """Count parameters and operations of a peer's file; those of our networks are known."""
    if row.network or engine.parameters is None or engine.macs is None:
        return {}
    return {
        "parameters": engine.parameters,
        "gflops": 2e-9 * engine.macs,
        "megabytes": 4 * engine.parameters / 2**20,
    }


def _engine(name: str, row: Row, folder: Path) -> Engine:
    graph = build_graph(_untrained(row), row.width, row.height, SCALE, OFFSET)
    path = folder / f"{name}_{row.width}x{row.height}.onnx"
    onnx.save(graph, path)
    return Engine(name, "onnxruntime", str(path), parameters=row.parameters)


def _untrained(row: Row) -> StagedNetwork:
    torch.manual_seed(0)
    network = build_network(row.network, row.classes, **row.options).eval()
    biases = [
        layer.bias
        for layer in network.stages[network.table[-1].name].modules()
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) and layer.bias is not None
    ]
    with torch.no_grad():
        for bias in biases[-1:]:
            bias[0] += DECIDED
    return network


def _finish(place: torch.device) -> None:
    if place.type == "cuda":
        torch.cuda.synchronize(place)


def parse_peers(texts: Sequence[str]) -> dict[str, Path]:
    """Parse ``NAME=FILE`` into ONNX files by name.

    Raises:
        ValueError: a text has another form, a name is given twice, or a file is missing.
    """
    peers: dict[str, Path] = {}
    for text in texts:
        name, _, file = text.partition("=")
        if not name or not file:
            raise ValueError(f"--onnx {text}: give it as NAME=FILE")
        if name.casefold() in (given.casefold() for given in peers):
            raise ValueError(f"--onnx {text}: the name {name} is given twice")
        if not Path(file).is_file():
            raise ValueError(f"--onnx {text}: there is no file {file}")
        peers[name] = Path(file)
    return peers
