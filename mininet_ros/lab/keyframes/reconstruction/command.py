"""``select-keyframes --benchmark --reconstruct``: opens the drive, runs the judge."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace

import numpy as np

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.reconstruction.colmap import import_pycolmap
from mininet_ros.lab.keyframes.reconstruction.judge import reconstruct_trial
from mininet_ros.lab.keyframes.reconstruction.poses import read_positions
from mininet_ros.lab.keyframes.trials.drive import open_drive
from mininet_ros.lab.keyframes.trials.printing import RECONSTRUCTION, results_folder, write_trials
from mininet_ros.offline.source import SourceOptions


def run_reconstruction(
    arguments: Namespace, options: SourceOptions, settings: KeyframeSettings
) -> None:
    """Judge the selections of a drive by COLMAP; print what came out.

    Raises:
        ReconstructionError: pycolmap is not installed.
        ValueError: an argument is wrong, or the input cannot be used.
        ResultError: the results cannot be written.
    """
    import_pycolmap()
    folder = results_folder(arguments, options, RECONSTRUCTION)
    matrix = None
    if arguments.camera is not None:
        focal_x, focal_y, centre_x, centre_y = arguments.camera
        matrix = np.array([[focal_x, 0.0, centre_x], [0.0, focal_y, centre_y], [0.0, 0.0, 1.0]])
    drive = open_drive(options, settings, arguments.frames, matrix)
    if arguments.poses is not None:
        drive = replace(drive, positions=read_positions(arguments.poses, drive.stamps_ns()))
    trial = reconstruct_trial(drive, settings, lambda step: print(step, file=sys.stderr))
    write_trials(arguments, [trial], folder, RECONSTRUCTION)
