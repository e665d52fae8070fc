"""Distillation: the soft labels of a teacher as a second target of a training."""

from mininet_ros.lab.training.distillation.dataset import WithSoftLabels, WithUnlabelled
from mininet_ros.lab.training.distillation.soft_labels import (
    SoftLabels,
    SoftLabelsError,
    soft_labels_of,
)
from mininet_ros.lab.training.distillation.teacher import Teacher, load_teacher
from mininet_ros.lab.training.distillation.teacher_card import TeacherError

__all__ = [
    "SoftLabels",
    "SoftLabelsError",
    "Teacher",
    "TeacherError",
    "WithSoftLabels",
    "WithUnlabelled",
    "load_teacher",
    "soft_labels_of",
]
