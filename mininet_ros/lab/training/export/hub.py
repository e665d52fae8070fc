"""Prepares a model folder for a model hub: its files, and a card in the form of the hubs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from mininet_ros.lab.training.model_readme import README
from mininet_ros.models import CARD, Model
from mininet_ros.results import ResultFolder

ATTRIBUTES = ".gitattributes"
TAGS = ["semantic-segmentation", "onnx", "ros2", "robotics", "mininet-v2"]
# Hubs identify a licence by its SPDX identifier in lower case.
CREATIVE_COMMONS = re.compile(r"CC (BY(?:-NC)?(?:-SA|-ND)?) (\d\.\d)")
USE = """\
## Use

    ros2 launch mininet_ros segment.launch.py model:=DIR image:=/camera/image_raw
    mininet_ros segment DIR picture.png --output OUT

`DIR` is a copy of this folder. `model.onnx` takes a uint8 BGR picture (1, {height}, {width}, 3) and
gives `mask` and `confidence`, uint8 (1, {height}, {width}): scaling, upsampling and argmax are in
the graph. `model.yaml` holds the classes, the recipe and a hash of every file.
"""


def write_hub_folder(model: Model, folder: Path) -> None:
    """Write a folder that can be pushed to a model hub without changes.

    It has the files of the model, a ``README.md`` with front matter before the model's own text,
    and a ``.gitattributes`` that stores the weights with Git LFS.

    Args:
        model: model to publish.
        folder: output folder, created if it does not exist.

    Raises:
        ResultError: the folder cannot be written, or it has other files with these names.
    """
    files = [CARD, *model.card["files"]]
    with ResultFolder(
        folder, "hub", {*files, README, ATTRIBUTES}, inputs=[model.folder]
    ) as results:
        for name in files:
            shutil.copyfile(model.folder / name, results.staging / name)
        (results.staging / README).write_text(hub_card(model), encoding="utf-8")
        (results.staging / ATTRIBUTES).write_text(
            "*.onnx filter=lfs diff=lfs merge=lfs -text\n"
            "*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
        )


def hub_card(model: Model) -> str:
    """Return the text of ``README.md`` for the hub."""
    front = yaml.safe_dump(front_matter(model), sort_keys=False, allow_unicode=True)
    own = model.folder / README
    text = own.read_text(encoding="utf-8") if own.is_file() else f"# {model.name}\n"
    use = USE.format(height=model.height, width=model.width)
    return f"---\n{front}---\n\n{text.rstrip()}\n\n{use}"


def front_matter(model: Model) -> dict[str, Any]:
    """Return the metadata for hubs: licence, library, task, tags, data and measured figures."""
    data = model.card.get("data", {})
    matter: dict[str, Any] = {
        **_licence(str(data.get("licence", "not stated"))),
        "library_name": "mininet_ros",
        "pipeline_tag": "image-segmentation",
        "tags": TAGS,
    }
    figures = model.card.get("figures", {})
    if "name" in data:
        matter["datasets"] = [data["name"]]
    if "validation_miou" in figures:
        dataset = {"name": data.get("name", "unknown"), "type": data.get("name", "unknown")}
        dataset["split"] = model.card.get("training", {}).get("validation_split", "val")
        metrics = [{"type": "mean_iou", "name": "mIoU", "value": figures["validation_miou"]}]
        task = {"type": "image-segmentation", "name": "semantic segmentation"}
        results = [{"task": task, "dataset": dataset, "metrics": metrics}]
        matter["metrics"] = ["mean_iou"]
        matter["model-index"] = [{"name": model.name, "results": results}]
    return matter


def _licence(text: str) -> dict[str, str]:
    """Return the entries for the licence of the data, which limits the use of the weights."""
    found = CREATIVE_COMMONS.match(text)
    if found:
        return {"license": f"cc-{found[1].lower()}-{found[2]}"}
    return {"license": "other", "license_name": text}
