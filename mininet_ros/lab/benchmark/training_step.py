"""Runs one training step on crops in memory, in one or several processes."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch.nn import functional

from mininet_ros.inference.pytorch import enlarged, load_network
from mininet_ros.models import load_model

# Cost of a step in forward passes: forward, backward to the values, backward to the weights.
PASSES = 3


def training_runner(
    folder: Path, width: int, height: int, batch: int, threads: int, processes: int
) -> Callable[[], object]:
    """Return a function that runs one training step on a batch of crops in each process.

    The processes share the threads. They do not exchange gradients, because these are only about
    a thousandth of the numbers that a step computes with.

    Args:
        folder: model folder whose network is trained.
        width, height: size of the crops in pixels.
        batch: number of crops in the batch of each process.
        threads: total number of CPU threads of all processes.
        processes: number of processes, at most ``threads``.

    Raises:
        ValueError: there are more processes than threads.
    """
    if processes > threads:
        raise ValueError(f"{processes} processes need as many threads, not {threads}")
    shape = (folder, width, height, batch, threads // processes)
    if processes == 1:
        return _training_step(*shape)
    context = multiprocessing.get_context("spawn")
    ends = []
    for _ in range(processes):
        ours, theirs = context.Pipe()
        context.Process(target=_serve, args=(theirs, *shape), daemon=True).start()
        # Only the child keeps this end, so it ends when this process ends for any reason.
        theirs.close()
        ends.append(ours)

    def step() -> None:
        for end in ends:
            end.send(None)
        for end in ends:
            end.recv()

    return step


def _serve(
    end: Connection, folder: Path, width: int, height: int, batch: int, threads: int
) -> None:
    """Run one step for every message, until the other end is closed."""
    step = _training_step(folder, width, height, batch, threads)
    with contextlib.suppress(EOFError):
        while True:
            end.recv()
            step()
            end.send(None)


def _training_step(
    folder: Path, width: int, height: int, batch: int, threads: int
) -> Callable[[], None]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = load_model(folder)
    network = load_network(model).train()
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - PyTorch types no memory_format
    optimizer = torch.optim.Adam(network.parameters())
    crops = torch.rand(batch, 3, height, width) - 0.5
    crops = crops.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(len(model.classes), (batch, height, width))

    def step() -> None:
        optimizer.zero_grad()
        loss = functional.cross_entropy(enlarged(network(crops), (height, width)), labels)
        loss.backward()
        optimizer.step()

    return step
