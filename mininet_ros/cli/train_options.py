"""Options of the command ``train`` that belong together: the schedule, and the teacher."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path


def add_schedule(parser: ArgumentParser) -> None:
    """Declare the course of the learning rate, and the average of the weights."""
    parser.add_argument(
        "--warm-up",
        type=int,
        default=0,
        metavar="STEPS",
        help="Number of steps over which the learning rate rises.",
    )
    parser.add_argument(
        "--decay-share",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="Last share of the steps, over which the learning rate decays; 0 keeps it constant, "
        "for a run from which others go on.",
    )
    parser.add_argument(
        "--average-decay",
        type=float,
        default=0.0,
        metavar="DECAY",
        help="Decay of the running average of the weights, which is then validated and kept, such "
        "as 0.999; 0 for none.",
    )


def add_teacher(parser: ArgumentParser) -> None:
    """Declare what is learned from a teacher."""
    parser.add_argument(
        "--teacher",
        default="",
        metavar="TEACHER",
        help="Network whose soft labels are learned, too: a model, or FILE.onnx with FILE.yaml "
        "beside it. {drive} in it stands for the drive that --leave-one-drive-out leaves out.",
    )
    parser.add_argument(
        "--teacher-weight",
        type=float,
        default=1.0,
        metavar="WEIGHT",
        help="Weight of the teacher's term in the loss.",
    )
    parser.add_argument(
        "--temperature", type=float, default=1.0, help="Temperature of the soft labels."
    )
    parser.add_argument(
        "--unlabelled",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="Folders of more pictures, which the teacher alone labels.",
    )
    parser.add_argument(
        "--soft-labels",
        type=Path,
        metavar="FILE",
        help="File that keeps the soft labels for other trainings by the same teacher on the same "
        "images; in the output folder by default.",
    )
