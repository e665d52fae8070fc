"""Leave-one-drive-out evaluation of a recipe on CamVid."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from mininet_ros.lab.training.data.datasets import Dataset, DatasetError, open_dataset
from mininet_ros.lab.training.data.datasets.camvid import DRIVES
from mininet_ros.lab.training.data.datasets.held_out import refuse_held_out
from mininet_ros.lab.training.data.stored_images import DEFAULT_MEMORY_GIB
from mininet_ros.lab.training.distillation.lesson import Lesson
from mininet_ros.lab.training.distributed import ALONE, Processes
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.lab.training.run_folder import sole_process, what_is_kept
from mininet_ros.lab.training.train import TrainingResult, train


def leave_one_drive_out(
    recipe: Recipe,
    data: Path,
    output: Path,
    device: str = "cpu",
    memory_gib: float = DEFAULT_MEMORY_GIB,
    processes: Processes = ALONE,
    lesson: Lesson | None = None,
) -> dict[str, TrainingResult]:
    """Train one network for each drive of CamVid's train split, on the other drives.

    Each network is scored on the drive that it did not see. The other splits of CamVid cannot
    measure that, because ``val`` is a clip of a drive that is also in ``train``. The runs are kept
    in ``output/without-DRIVE`` and are resumed from there.

    Args:
        recipe: settings of the trainings.
        data: root folder of CamVid.
        output: folder of the runs.
        device: PyTorch device, such as ``cpu`` or ``cuda``.
        memory_gib: memory limit in GiB of each process for the images of each dataset.
        processes: this process in the group of training processes.
        lesson: lesson with the teachers, one for each drive; None without a teacher.

    Returns:
        Result of each network on the drive that it did not see, by drive.

    Raises:
        DatasetError: the dataset is not CamVid, or it cannot be used.
        TrainingError, ModelError, DistributionError: see :func:`train`.
        KeyboardInterrupt: the user stopped the command; the message says what is kept.
    """
    if recipe.dataset != "camvid":
        raise DatasetError(f"drives can be left out of camvid alone, not of {recipe.dataset}")
    results = {}
    for drive in DRIVES:
        fold = replace(
            recipe, split=f"train-without-{drive}", validation_split=f"train-only-{drive}"
        )
        labelled = open_dataset("camvid", data, fold.split)
        unseen = open_dataset("camvid", data, fold.validation_split)
        refuse_held_out(path for path, _ in labelled.pairs)
        training: Dataset = labelled
        run = output / f"without-{drive}"
        if lesson:
            fold, training, _ = lesson.of_drive(drive).prepare(fold, training, run, processes)
        try:
            with sole_process(run) if processes.leads else nullcontext():
                results[drive] = train(fold, training, unseen, run, device, memory_gib, processes)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(what_is_kept(run)) from stop
    return results


def as_table(results: Mapping[str, TrainingResult]) -> str:
    """Return the mIoU of each drive and their mean as a text table."""
    lines = [
        f"{drive:>10} {100 * result.miou:6.2f} % at epoch {result.epoch}"
        for drive, result in results.items()
    ]
    mean = np.mean([result.miou for result in results.values()])
    return "\n".join([*lines, f"{'mean':>10} {100 * mean:6.2f} %"])
