"""What a training's arguments say of its teacher, brought to its data."""

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
from mininet_ros.lab.training.run_folder import claim_run_folder

SOFT_LABELS = "soft-labels.safetensors"
DRIVE = "{drive}"


@dataclass(frozen=True)
class Lesson:
    """A teacher and what it shows.

    Attributes:
        teacher: as :func:`load_teacher` takes it; :data:`DRIVE` in it stands for the drive that a
            fold leaves out, which its teacher must not have seen either.
        unlabelled: folders of pictures without labels.
        store: file of its soft labels; None for one in the run's folder.
    """

    teacher: str
    unlabelled: tuple[Path, ...] = ()
    store: Path | None = None

    def of_drive(self, drive: str) -> Lesson:
        """The lesson of the fold that leaves out a drive."""
        store = self.store and Path(str(self.store).replace(DRIVE, drive))
        return Lesson(self.teacher.replace(DRIVE, drive), self.unlabelled, store)

    def prepare(
        self, recipe: Recipe, dataset: Dataset, run: Path, processes: Processes
    ) -> tuple[Recipe, Dataset, dict[str, Any]]:
        """The recipe that names the teacher, the dataset that it has labelled, and its card.

        Raises:
            TeacherError, ModelError: the teacher cannot be used.
            SoftLabelsError: the store is of other images or of another teacher.
            DatasetError: a picture is not what it must be.
            TrainingError: the run's folder belongs to another recipe, or cannot be written.
        """
        teacher = load_teacher(self.teacher, dataset.classes.names)
        store = self.store or run / SOFT_LABELS
        if processes.leads and not store.exists():
            teacher.check()
        recipe = replace(recipe, teacher=teacher.name, teacher_sha256=teacher.sha256)
        if processes.leads:
            claim_run_folder(recipe, run)
        labelled = len(dataset)
        if self.unlabelled:
            dataset = WithUnlabelled(dataset, self.unlabelled)
        if processes.leads:
            soft = soft_labels_of(dataset, teacher, store)
        processes.agree(None)
        if not processes.leads:
            soft = soft_labels_of(dataset, teacher, store)
        card = card_of(teacher) | {"unlabelled_images": len(dataset) - labelled}
        return recipe, WithSoftLabels(dataset, soft), card


def card_of(teacher: Teacher) -> dict[str, Any]:
    """What the card of a model says of its teacher."""
    return {
        "name": teacher.name,
        "sha256": teacher.sha256,
        "licence": teacher.licence,
        "data": teacher.data,
    }
