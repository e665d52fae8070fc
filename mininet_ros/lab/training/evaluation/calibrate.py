"""Calibrates the familiarity of a model and writes it into the model's card."""

from __future__ import annotations

from pathlib import Path

from mininet_ros.inference import load_segmenter
from mininet_ros.inference.familiarity import SECTION, Familiarity
from mininet_ros.lab.training.data.datasets import open_dataset
from mininet_ros.lab.training.data.datasets.labelled_images import pictures_of, read_picture
from mininet_ros.lab.training.evaluation.familiarity import calibrated_familiarity, masks_of
from mininet_ros.model_writing import write_model_folder
from mininet_ros.models import load_model


def calibrate(model: str | Path, dataset: str, data: Path, others: Path) -> Familiarity:
    """Calibrate the familiarity of a model on the splits ``train`` and ``val`` of its dataset.

    The scale comes from both splits, because ``val`` may show only one place.

    Args:
        model: name or path of the model folder; its card is changed.
        dataset: name of the dataset's layout.
        data: root folder of the dataset.
        others: folder of images of another kind.

    Raises:
        ModelError: the model cannot be used, or its card cannot be written.
        DatasetError: the data or the images of another kind cannot be used.
        FamiliarityError: the model's masks do not separate the two kinds of images.
    """
    loaded = load_model(model)
    segmenter = load_segmenter(loaded, backend="cpu")
    kept, held = (open_dataset(dataset, data, split) for split in ("train", "val"))
    pictures = pictures_of(others)
    training, validation = (
        masks_of(segmenter, (part[index].image for index in range(len(part))), part.split)
        for part in (kept, held)
    )
    strange = masks_of(segmenter, (read_picture(path)[0] for path in pictures), others.name)
    words = f"{dataset} train and val against {len(pictures)} photos of another kind"
    found = calibrated_familiarity(
        training, training + validation, strange, len(loaded.classes), words
    )
    files = {name: loaded.path(name).read_bytes() for name in loaded.card["files"]}
    card = {**loaded.card, SECTION: found.as_card()}
    write_model_folder(loaded.folder, card, files)
    return found
