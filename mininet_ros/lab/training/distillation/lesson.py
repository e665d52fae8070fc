"""Prepares the recipe and the dataset of a training with a teacher."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mininet_ros.lab.training.data.datasets import Dataset
from mininet_ros.lab.training.distillation.dataset import WithSoftLabels, WithUnlabelled
from mininet_ros.lab.training.distillation.soft_labels import soft_labels_of
from mininet_ros.lab.training.distillation.teacher import Teacher, load_teacher
from mininet_ros.lab.training.distributed import Processes
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.lab.training.run_folder import check_run_folder, claim_run_folder

SOFT_LABELS = "soft-labels.safetensors"
DRIVE = "{drive}"


@dataclass(frozen=True)
class Lesson:
    """A teacher and the images that it labels.

    Attributes:
        teacher: name or path of the teacher for :func:`load_teacher`. :data:`DRIVE` in it is
            replaced by the drive that a fold leaves out, which the teacher must not have seen.
        unlabelled: folders of images without labels.
        store: file of the teacher's soft labels; None means a file in the run's folder.
    """

    teacher: str
    unlabelled: tuple[Path, ...] = ()
    store: Path | None = None

    def of_drive(self, drive: str) -> Lesson:
        """Return the lesson for the fold that leaves out ``drive``."""
        store = self.store and Path(str(self.store).replace(DRIVE, drive))
        return Lesson(self.teacher.replace(DRIVE, drive), self.unlabelled, store)

    def prepare(
        self, recipe: Recipe, dataset: Dataset, run: Path, processes: Processes
    ) -> tuple[Recipe, Dataset, dict[str, Any]]:
        """Return the recipe with the teacher, the dataset with soft labels, and the teacher's card.

        Raises:
            TeacherError, ModelError: the teacher cannot be used.
            SoftLabelsError: the store belongs to other images or another teacher.
            DatasetError: an image cannot be used.
            TrainingError: the run's folder belongs to another recipe, or cannot be written.
        """
        teacher = load_teacher(self.teacher, dataset.classes.names)
        store = self.store or run / SOFT_LABELS
        if processes.leads and not store.exists():
            teacher.check()
        recipe = replace(recipe, teacher=teacher.name, teacher_sha256=teacher.sha256)
        if processes.leads:
            check_run_folder(recipe, run)
        labelled = len(dataset)
        if self.unlabelled:
            dataset = WithUnlabelled(dataset, self.unlabelled)
        if processes.leads:
            soft = soft_labels_of(dataset, teacher, store)
            claim_run_folder(recipe, run)
        processes.agree(None)
        if not processes.leads:
            soft = soft_labels_of(dataset, teacher, store)
        card = card_of(teacher) | {"unlabelled_images": len(dataset) - labelled}
        return recipe, WithSoftLabels(dataset, soft), card


def card_of(teacher: Teacher) -> dict[str, Any]:
    """Return the entry for a teacher in the card of a model."""
    return {
        "name": teacher.name,
        "sha256": teacher.sha256,
        "licence": teacher.licence,
        "data": teacher.data,
    }
