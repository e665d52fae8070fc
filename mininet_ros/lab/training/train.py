"""The training loop.

Every random value depends only on the seed and the step. An interrupted run therefore gives the
same result as an uninterrupted one: bit by bit on the CPU, and on CUDA up to non-deterministic
kernels.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from mininet_ros.freed_memory import keep_freed_memory
from mininet_ros.lab.training.average import WeightAverage
from mininet_ros.lab.training.curves import draw_curves, inherit_course
from mininet_ros.lab.training.data.batches import Batch, Batches, open_batches, steps_of
from mininet_ros.lab.training.data.class_mix import mix_classes
from mininet_ros.lab.training.data.datasets import Dataset
from mininet_ros.lab.training.data.missing_classes import warn_of_missing_classes
from mininet_ros.lab.training.data.stored_images import (
    DEFAULT_MEMORY_GIB,
    StoredImages,
    for_crops,
    for_validation,
)
from mininet_ros.lab.training.denormals import denormals_as_zero
from mininet_ros.lab.training.distributed import ALONE, Processes
from mininet_ros.lab.training.duration import EpochBar, scored
from mininet_ros.lab.training.initial_weights import begin_from
from mininet_ros.lab.training.loss import (
    class_weights,
    distillation_loss,
    labelled_weight,
    segmentation_loss,
    taught_weight,
)
from mininet_ros.lab.training.prediction import score
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.lab.training.run_folder import (
    LOG,
    Progress,
    TrainingError,
    check_run_folder,
    claim_run_folder,
    go_on_from,
    read_checkpoint,
    write_atomically,
    write_checkpoint,
    write_log,
)
from mininet_ros.lab.training.tensorboard import TensorBoardLog
from mininet_ros.network import build_network
from mininet_ros.network.stages import StagedNetwork

CHECKPOINT_PERIOD_S = 30.0  # interval of checkpoints between validations, s
MIX = 2  # separates the random stream of mixed classes from those of crops and order
SHOWN_EVERY = 20  # steps between updates of the shown loss; reading it makes a GPU wait


@dataclass(frozen=True)
class TrainingResult:
    """The best weights of a training, and its cost.

    Attributes:
        network: network with the best weights, for evaluation.
        epoch: epoch of the best weights.
        miou: validation mIoU of the best weights, 0 to 1.
        images: total number of training crops over all epochs.
        hours: training time in hours, without interruptions.
    """

    network: StagedNetwork
    epoch: int
    miou: float
    images: int
    hours: float


@denormals_as_zero()
def train(
    recipe: Recipe,
    training: Dataset,
    validation: Dataset,
    run: Path,
    device: str = "cpu",
    memory_gib: float = DEFAULT_MEMORY_GIB,
    processes: Processes = ALONE,
    tensorboard: Path | None = None,
) -> TrainingResult:
    """Train with ``recipe``; a run in the folder ``run`` is resumed.

    On CUDA the network runs in mixed precision (float16 with a scaled loss). Images that fit into
    its memory are stored and augmented on the device. Validation and the CPU use float32.

    Args:
        recipe: settings of the training.
        training: dataset that the network learns from.
        validation: dataset that selects the best weights.
        run: folder of the run.
        device: PyTorch device, such as ``cpu`` or ``cuda``.
        memory_gib: memory limit in GiB of each process for the images of each dataset; other
            images are read from disk each time.
        processes: this process in the group; every process calls this function.
        tensorboard: folder for the TensorBoard log; None means no log.

    Raises:
        TrainingError: ``run`` has a run of another recipe or a damaged one, the loss is no longer
            finite, no pixel of ``validation`` is labelled, or a file cannot be written.
        ModelError: the recipe's initial model cannot be loaded.
        DatasetError: a file of a dataset cannot be used.
        DistributionError: the batches cannot be divided over the processes.
    """
    log = None
    if processes.leads:
        check_run_folder(recipe, run)
        if tensorboard is not None:
            log = TensorBoardLog(tensorboard, training.classes.names)
    # Every step frees and asks for the same hundreds of MiB.
    keep_freed_memory(largest_block=2**30, kept=2**31 - 1, padding=64 * 2**20)
    place = torch.device(device)
    on_cuda = place.type == "cuda"
    torch.manual_seed(recipe.seed)
    network = build_network(recipe.network, len(training.classes.names), **recipe.options)
    if recipe.initial_model:
        begin_from(network, recipe.initial_model)
    network.to(place)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - PyTorch types no memory_format
    optimizer = torch.optim.Adam(
        network.parameters(),
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=on_cuda,
    )
    scaler = torch.amp.GradScaler(place.type, enabled=on_cuda)
    samples = StoredImages(training, for_crops(recipe), memory_gib)
    unseen = StoredImages(validation, for_validation(recipe), memory_gib)
    if processes.leads:
        warn_of_missing_classes(samples, unseen)
    weights = class_weights(samples, recipe.class_weight_power).to(place)
    batches = open_batches(recipe, samples, place, processes)
    steps = steps_of(recipe, len(samples))
    crops_per_epoch = steps * min(recipe.batch_size, len(samples))
    # Nothing is written before the network and all data have been checked.
    if processes.leads:
        claim_run_folder(recipe, run)

    average = WeightAverage(network, recipe.average_decay) if recipe.average_decay else None
    judged = average.network if average else network
    parts = {"network": network, "optimizer": optimizer, "scaler": scaler}
    if average:
        parts["average"] = average
    begun = 0
    if recipe.initial_run:
        begun = go_on_from(Path(recipe.initial_run), parts)
        if processes.leads:
            inherit_course(Path(recipe.initial_run), run)
        for group in optimizer.param_groups:
            group["weight_decay"] = recipe.weight_decay
    progress = read_checkpoint(run, parts)
    if not progress.epoch:
        progress = replace(progress, crops=begun)
    spread = processes.spread(network)
    began = time.monotonic() - progress.seconds
    written = progress.seconds
    first = progress.epoch
    for epoch in range(first, recipe.epochs):
        if recipe.patience and processes.agree(is_over(recipe, progress)):
            break
        title = f"epoch {epoch + 1}/{recipe.epochs}"
        if progress.best_epoch:
            title += f", best mIoU {100 * progress.best_miou:.1f} %"
        with (
            EpochBar(
                steps,
                title,
                shown=processes.leads,
                epochs=recipe.epochs - first if epoch == first else 0,
                may_end_early=recipe.patience > 0,
            ) as bar,
            torch.backends.cudnn.flags(enabled=True, benchmark=True),
        ):
            loss = train_epoch(
                recipe, epoch, batches, spread, optimizer, scaler, weights, processes, bar, average
            )
        if not processes.leads:
            continue
        progress = replace(progress, crops=progress.crops + crops_per_epoch)
        is_last = epoch + 1 == recipe.epochs
        is_scored = is_last or (epoch + 1) % recipe.validate_every == 0
        if is_scored:
            matrix = score(judged, unseen)
            if np.isnan(matrix.miou):
                raise TrainingError(
                    f"no pixel of {validation.name} {validation.split} is labelled: weights cannot "
                    f"be chosen by it"
                )
            if matrix.miou > progress.best_miou:
                progress = replace(progress, best_epoch=epoch + 1, best_miou=matrix.miou)
                write_atomically(run / "best.safetensors", save(judged.packed_weights()))
            rate = optimizer.param_groups[0]["lr"]
            write_log(run / LOG, epoch + 1, rate, loss, matrix, progress.crops)
            print(scored(epoch + 1, recipe.epochs, loss, matrix.miou), file=sys.stderr)
            if log:
                log.add(epoch + 1, rate, loss, matrix)
            write_atomically(run / "curves.png", draw_curves(run))
        progress = replace(progress, epoch=epoch + 1, seconds=time.monotonic() - began)
        if is_scored or progress.seconds - written > CHECKPOINT_PERIOD_S:
            write_checkpoint(run, parts, progress)
            written = progress.seconds
    progress = processes.agree(progress)
    network.load_state_dict(load_file(run / "best.safetensors"))
    images = progress.epoch * crops_per_epoch
    return TrainingResult(
        network.eval(), progress.best_epoch, progress.best_miou, images, progress.seconds / 3600
    )


def is_over(recipe: Recipe, progress: Progress) -> bool:
    """Return whether the validation has not improved for ``recipe.patience`` epochs."""
    return progress.best_epoch > 0 and progress.epoch - progress.best_epoch >= recipe.patience


def train_epoch(
    recipe: Recipe,
    epoch: int,
    batches: Batches,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    weights: Tensor,
    processes: Processes,
    bar: EpochBar,
    average: WeightAverage | None = None,
) -> float:
    """Train for one epoch in its own sample order; return the mean loss.

    Raises:
        TrainingError: the loss is no longer finite.
    """
    network.train()
    losses = []
    for index, batch in enumerate(batches.of_epoch(epoch)):
        step = epoch * bar.total + index
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate_at(step, recipe.epochs * bar.total)
        torch.manual_seed(hash((recipe.seed, step)) + processes.rank)
        if recipe.class_mix:
            random = np.random.default_rng((recipe.seed, step, MIX, processes.rank))
            batch = mix_classes(batch, recipe.class_mix, len(weights), random)
        images = batch.images
        with torch.autocast(images.device.type, torch.float16, enabled=images.is_cuda):
            logits = network(images)
        loss = batch_loss(recipe, logits, batch, weights, processes)
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if average:
            average.update(processes.unwrapped(network))
        losses.append(loss.detach())
        bar.update()
        if index % SHOWN_EVERY == 0:
            bar.set_postfix(loss=f"{losses[-1].item():.3f}")
    mean = processes.mean(torch.stack(losses).mean()).item()
    if not np.isfinite(mean):
        raise TrainingError(
            f"the loss of epoch {epoch + 1} is not finite: lower the learning rate; "
            f"the checkpoint of the epoch before is kept"
        )
    return mean


def batch_loss(
    recipe: Recipe, logits: Tensor, batch: Batch, weights: Tensor, processes: Processes
) -> Tensor:
    """Return the loss of this process's part of a batch, including that of a teacher if any.

    Its gradient, averaged over the processes, is that of the whole batch.

    Args:
        logits: logits float (N, classes, h, w).
        weights: class weights float (classes,).
    """
    loss = segmentation_loss(logits, batch.labels, weights, recipe.lovasz_weight)
    if processes.size > 1:
        loss = loss * processes.relative_weight(labelled_weight(batch.labels, weights))
    if batch.soft is None:
        return loss
    taught = distillation_loss(logits, batch.soft, recipe.temperature)
    if processes.size > 1:
        taught = taught * processes.relative_weight(taught_weight(batch.soft))
    return loss + recipe.teacher_weight * taught
