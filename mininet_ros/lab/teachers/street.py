"""Make a teacher for street scenes: ESPNetv2 of EdgeNets, adapted from Cityscapes to CamVid.

    python -m mininet_ros.lab.teachers.street EDGENETS --data CAMVID --output FILE.onnx

The documentation page on teachers has the settings and their results.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from itertools import islice
from pathlib import Path

import torch
import yaml
from torch import nn

from mininet_ros.lab.teachers.edgenets import (
    CameraTeacher,
    CheckoutError,
    StreetTeacher,
    open_backbone,
    pooling_as_products,
)
from mininet_ros.lab.training.data.augmentation import Augmentation
from mininet_ros.lab.training.data.batches import Batch, HostBatches, steps_of
from mininet_ros.lab.training.data.datasets import LabelledImages, open_dataset
from mininet_ros.lab.training.data.datasets.held_out import refuse_held_out
from mininet_ros.lab.training.data.stored_images import StoredImages, for_crops
from mininet_ros.lab.training.loss import class_weights, segmentation_loss
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.progress import progress_bar

WIDTH, HEIGHT = 480, 360  # size of CamVid's images, px
CROP = (416, 320)
SEEN_WIDTH, SEEN_HEIGHT = 768, 576  # input size of the exported teacher, px
ENLARGED = (1.2, 2.4)
BATCH = 4
HEAD_SHARE = 0.08  # share of the steps in which only the head learns
HEAD_RATE, BACKBONE_RATE = 2e-3, 2.5e-4
LARGEST_GRADIENT = 5.0
MEASURED = 16  # number of batches for the input statistics of the head
CLASS_WEIGHT_POWER = 0.12


def main() -> int:
    """Run the script; return the exit status."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("edgenets", type=Path, help="a checkout of github.com/sacmehta/EdgeNets")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="root of CamVid")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.onnx")
    parser.add_argument(
        "--train-split",
        default="train",
        help="train-without-DRIVE for the teacher of the fold that leaves out a drive",
    )
    parser.add_argument("--crops", type=int, default=5080, help="that it learns from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0: one a core")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    try:
        make_teacher(arguments)
    except (CheckoutError, ValueError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def make_teacher(arguments: Namespace) -> None:
    """Adapt, export, and write the yaml file beside the ONNX file.

    Raises:
        CheckoutError: the checkout cannot be used.
        DatasetError: the data does not have the expected layout.
    """
    backbone = open_backbone(arguments.edgenets)
    dataset = open_dataset("camvid", arguments.data, arguments.train_split)
    refuse_held_out(path for path, _ in dataset.pairs)
    torch.manual_seed(arguments.seed)
    teacher = StreetTeacher(backbone, len(dataset.classes.names)).eval()
    adapt(teacher, dataset, arguments.crops // BATCH, arguments.seed)
    export(teacher, arguments.output)
    card = card_of(dataset)
    arguments.output.with_suffix(".yaml").write_text(yaml.safe_dump(card, sort_keys=False))


def adapt(teacher: StreetTeacher, dataset: LabelledImages, steps: int, seed: int) -> None:
    """Train on the dataset's classes for ``steps`` steps: first only the head, then everything."""
    recipe = Recipe(
        network="",
        dataset="camvid",
        width=WIDTH,
        height=HEIGHT,
        crop_width=CROP[0],
        crop_height=CROP[1],
        batch_size=BATCH,
        augmentation=Augmentation(scale_range=ENLARGED, photometric=0.5),
        seed=seed,
    )
    samples = StoredImages(dataset, for_crops(recipe))
    weights = class_weights(samples, CLASS_WEIGHT_POWER)
    batches = HostBatches(recipe, samples, torch.device("cpu"))
    epochs = -(-steps // steps_of(recipe, len(samples)))
    teacher.measure(batch.images + 0.5 for batch in islice(batches.of_epoch(epochs), MEASURED))
    rates = {"head": HEAD_RATE, "backbone": BACKBONE_RATE}
    optimizer = torch.optim.Adam(
        [
            {"params": getattr(teacher, name).parameters(), "rate": rate}
            for name, rate in rates.items()
        ]
    )
    ordered = (batch for epoch in range(epochs) for batch in batches.of_epoch(epoch))
    with progress_bar(islice(ordered, steps), "adapting", steps) as bar:
        for step, batch in enumerate(bar):
            teacher.backbone.requires_grad_(step >= HEAD_SHARE * steps)
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * (1 - step / steps) ** recipe.poly_power
            bar.set_postfix(loss=f"{_step(teacher, batch, weights, optimizer):.3f}")


def _step(
    teacher: StreetTeacher,
    batch: Batch,
    weights: torch.Tensor,
    optimizer: torch.optim.Optimizer,
) -> float:
    optimizer.zero_grad(set_to_none=True)
    loss = segmentation_loss(teacher(batch.images + 0.5), batch.labels, weights)
    loss.backward()
    nn.utils.clip_grad_norm_(teacher.parameters(), LARGEST_GRADIENT)
    optimizer.step()
    return loss.item()


def export(teacher: StreetTeacher, path: Path) -> None:
    """Write the ONNX file; input ``image`` uint8 (1, 576, 768, 3) BGR, output ``logits``."""
    image = torch.zeros(1, SEEN_HEIGHT, SEEN_WIDTH, 3, dtype=torch.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pooling_as_products(), torch.no_grad():
        torch.onnx.export(
            CameraTeacher(teacher),
            (image,),
            str(path),
            input_names=["image"],
            output_names=["logits"],
            opset_version=17,
            dynamo=False,
        )


def card_of(dataset: LabelledImages) -> dict[str, object]:
    """Return the card that ``mininet_ros train --teacher`` reads beside the ONNX file."""
    return {
        "licence": "ESPNetv2 of sacmehta/EdgeNets, MIT; its weights come from Cityscapes, whose "
        "licence is non-commercial",
        "data": f"Cityscapes, then CamVid {dataset.split} ({dataset.licence})",
        "input": {
            "name": "image",
            "width": SEEN_WIDTH,
            "height": SEEN_HEIGHT,
            "layout": "nhwc",
            "channel_order": "bgr",
            "scale": 1.0,
            "offset": 0.0,
        },
        "output": {"name": "logits", "layout": "nchw", "activation": "softmax"},
        "classes": {name: index for index, name in enumerate(dataset.classes.names)},
    }


if __name__ == "__main__":
    sys.exit(main())
