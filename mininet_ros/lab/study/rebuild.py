"""Runs the command ``study``: builds the tables, runs the trainings and writes the report."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from mininet_ros.inference.onnx_runtime import processor_name
from mininet_ros.lab.study.conclusions import judge_all
from mininet_ros.lab.study.paper import TABLES
from mininet_ros.lab.study.report import Study, study_results
from mininet_ros.lab.study.rows import own_row, rows_of
from mininet_ros.lab.study.runs import StudyError, alike, runs_of, train_run, with_mious
from mininet_ros.lab.study.schedule import Schedule
from mininet_ros.lab.study.timing import (
    Tables,
    parse_peers,
    with_cpu_times,
    with_gpu_times,
    with_peers,
)
from mininet_ros.lab.training.data.datasets import open_dataset
from mininet_ros.network.custom import network_argument
from mininet_ros.progress import progress_bar

RUNS = "runs"


def study(arguments: Namespace) -> None:
    """Rebuild the tables, write them into the output folder and print them.

    The report is written before the first training run and again after each.

    Raises:
        ValueError: an argument, a peer or the data cannot be used.
        BenchmarkError, TrainingError: a network cannot be measured or trained.
        KeyboardInterrupt: the user stopped the command; the message says what is kept.
    """
    if arguments.train and arguments.data is None:
        raise StudyError("--train needs --data, the root of the dataset")
    study_results(arguments.output).check()
    peers = parse_peers(arguments.onnx)
    numbers = [number for number in TABLES if number in arguments.tables]
    tables = {number: rows_of(TABLES[number]) for number in numbers}
    tables = with_own_networks(with_peers(tables, peers), arguments.network)
    runs = []
    if arguments.train:
        training, validation = (
            open_dataset(arguments.dataset, arguments.data, split) for split in ("train", "val")
        )
        schedule = _schedule(arguments, len(training))
        runs = runs_of(tables, schedule)
    measured = []
    if arguments.blocks:
        tables, line = _timed(tables, peers, arguments.threads, arguments.blocks)
        measured.append(line)
    if not arguments.train:
        found = Study(tables, {}, measured)
        found.write(arguments.output)
    else:
        device = _device(arguments.device)
        torch.set_num_threads(arguments.threads)
        measured += [
            schedule.in_words(protocol, device)
            for protocol in dict.fromkeys(TABLES[number].protocol for number in numbers)
        ]
        found = _report(tables, schedule, measured, arguments.output)
        for run in progress_bar(runs, desc="runs", disable=None):
            try:
                train_run(run, training, validation, arguments.output / RUNS, device)
            except KeyboardInterrupt as stop:
                raise KeyboardInterrupt(
                    f"the same command goes on with {run.name}; what is finished is in "
                    f"{arguments.output}"
                ) from stop
            found = _report(tables, schedule, measured, arguments.output)
    print(json.dumps(found.as_dict(), indent=2) if arguments.json else found.as_text())


def with_own_networks(tables: Tables, names: Sequence[str]) -> Tables:
    """Add a row to the tables for each of a user's own networks, at our smallest input size.

    Args:
        tables: rows by the number of their table, at least one table.
        names: networks, each as ``FILE.py:FUNCTION``, see
            :func:`mininet_ros.network.custom.network_argument`.

    Raises:
        ValueError: a name cannot be used.
    """
    extended = {number: list(rows) for number, rows in tables.items()}
    for name, options in map(network_argument, names):
        if not options:
            raise StudyError(f"--network {name}: give a table of your own, as FILE.py:FUNCTION")
        for number, rows in extended.items():
            ours = [row for row in rows if row.network]
            width, height = min((row.width, row.height) for row in ours)
            rows.append(own_row(name, options, width, height, TABLES[number].classes))
    return extended


def _timed(tables: Tables, peers: dict[str, Path], threads: int, blocks: int) -> tuple[Tables, str]:
    with TemporaryDirectory() as folder:
        tables = with_cpu_times(tables, peers, threads, blocks, Path(folder))
    line = (
        f"CPU: median from uint8 picture to label mask in ONNX Runtime, {threads} threads of "
        f"{processor_name()}, untrained networks that see one class everywhere; the paper's is "
        f"PyTorch on an Intel i5-8600k."
    )
    tables = with_gpu_times(tables)
    if torch.cuda.is_available():
        line += (
            f" GPU: from picture to label mask in PyTorch, float32, "
            f"{torch.cuda.get_device_name()}; the paper's is a Titan Xp where it names none."
        )
    return tables, line


def _schedule(arguments: Namespace, images: int) -> Schedule:
    return Schedule(
        dataset=arguments.dataset,
        images=images,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        size=arguments.input_size,
        seeds=tuple(dict.fromkeys(arguments.seeds)),
    )


def _report(tables: Tables, schedule: Schedule, measured: list[str], output: Path) -> Study:
    scored = with_mious(tables, schedule, output / RUNS)
    findings = {
        (protocol, size): judge_all(mious, protocol)
        for (protocol, size), mious in alike(scored, schedule).items()
    }
    found = Study(scored, findings, measured, f"{schedule.dataset} val, {schedule.size_in_words}")
    found.write(output)
    return found


def _device(name: str) -> str:
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"
