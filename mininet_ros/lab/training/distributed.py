"""Trains one network in several processes that ``torchrun`` started.

Each process takes its part of every batch; the batch size of the recipe is the total. Only the
first process validates, logs and writes. All processes need access to the data and the run's
folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

FAILURES = "failures"
Value = TypeVar("Value")


class DistributionError(RuntimeError):
    """The work cannot be distributed over the processes; the message is one sentence."""


@dataclass(frozen=True)
class Processes:
    """This process in a group of training processes; by default the only one."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process validates, logs and writes."""
        return self.rank == 0

    def part_of(self, batch: int) -> slice:
        """Return this process's part of a batch of ``batch`` images.

        Raises:
            DistributionError: the batch cannot be divided into equal parts.
        """
        if batch % self.size:
            raise DistributionError(
                f"a batch of {batch} images cannot be cut into {self.size} equal parts: choose a "
                f"batch size that is a multiple of the number of processes"
            )
        part = batch // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def spread(self, network: nn.Module) -> nn.Module:
        """Wrap the network so that gradients are averaged over the processes.

        On CUDA, batch norms use the whole batch (``SyncBatchNorm``). PyTorch has no such layer for
        the CPU. There each process normalises its own part of the batch, and the running
        statistics are those of the first process.
        """
        if self.size == 1:
            return network
        on_cuda = next(network.parameters()).is_cuda
        if on_cuda:
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return DistributedDataParallel(network)

    def relative_weight(self, weight: Tensor) -> Tensor:
        """Return ``weight`` of this process divided by its mean over the processes.

        Multiply the mean loss of this process's part by it. The gradient, averaged over the
        processes, is then that of the mean loss over the whole batch.
        """
        return weight / self.mean(weight).clamp_min(1e-12)

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of a tensor over the processes."""
        if self.size == 1:
            return value
        total = value.clone()
        distributed.all_reduce(total)
        return total / self.size

    def unwrapped(self, network: nn.Module) -> nn.Module:
        """Return the network without the wrapper of :meth:`spread`."""
        return network.module if isinstance(network, DistributedDataParallel) else network

    def agree(self, value: Value) -> Value:
        """Return the value of the first process; waits until all processes have called it."""
        if self.size == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values)
        return values[0]

    def describe(self, device: str) -> str:
        """Return a description of the training device and processes as text."""
        if device.startswith("cuda"):
            place = torch.cuda.get_device_name(device)
        else:
            threads = torch.get_num_threads()
            place = f"{device}, {threads} thread{'s' * (threads > 1)}"
        return place if self.size == 1 else f"{self.size} processes, each on {place}"


ALONE = Processes()


@contextmanager
def joined(device: str) -> Iterator[tuple[Processes, str]]:
    """Join the processes that ``torchrun`` started; yield this process and its device.

    A process that ``torchrun`` did not start is alone. If one process fails, the resulting errors
    of the others end them without a message. The user reads only the first message.

    Args:
        device: PyTorch device; ``cuda`` is replaced by this process's own GPU.

    Raises:
        DistributionError: there is no such GPU.
    """
    on_cuda = device.startswith("cuda")
    if on_cuda and not torch.cuda.is_available():
        raise DistributionError(
            f"PyTorch finds no CUDA device for {device}: train on the cpu, or install PyTorch's "
            f"CUDA build and the GPU's driver"
        )
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield ALONE, device
        return
    store, rank, size = next(iter(rendezvous("env://")))
    if on_cuda:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    failures = PrefixStore(FAILURES, store)
    distributed.init_process_group(
        "nccl" if on_cuda else "gloo",
        store=PrefixStore("group", store),
        rank=rank,
        world_size=size,
    )
    try:
        yield Processes(rank, size), device
    except BaseException as error:
        if failures.add(FAILURES, 1) > 1:
            raise SystemExit(130 if isinstance(error, KeyboardInterrupt) else 1) from error
        raise
    distributed.destroy_process_group()
