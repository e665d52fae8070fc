"""What each process of a test of distributed training runs; started by torchrun.

Arguments: the data's root, the folder to write to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from training_rig import RECIPE, eval_gradients, splits

from mininet_ros.lab.training.distributed import joined
from mininet_ros.lab.training.train import train


def main(root: Path, output: Path) -> None:
    with joined("cpu") as (processes, device):
        torch.save(eval_gradients(processes), output / f"gradients{processes.rank}.pt")
        train(RECIPE, *splits(root), output / "run", device, processes=processes)
        # Once more: all that is left is to read what the run holds.
        result = train(RECIPE, *splits(root), output / "run", device, processes=processes)
        found = {"weights": result.network.state_dict(), "best": (result.epoch, result.miou)}
        torch.save(found, output / f"result{processes.rank}.pt")
        if processes.rank == 1:
            raise ValueError("the second process fails")
        processes.agree("never answered")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
