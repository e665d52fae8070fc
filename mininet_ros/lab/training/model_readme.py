"""Writes the README of a trained model folder from its card."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mininet_ros.escaping import as_markdown

README = "README.md"


def write_readme(folder: Path, card: Mapping[str, Any]) -> None:
    """Write the README of a model, unless its folder has one, which a user may have edited.

    Args:
        folder: model folder.
        card: content of the model's card, with the sections ``data``, ``training`` and
            ``figures`` of the command ``train``.

    Raises:
        OSError: the file cannot be written.
    """
    path = folder / README
    if not path.exists():
        path.write_text(readme_of(folder.resolve().name, card), encoding="utf-8")


def readme_of(name: str, card: Mapping[str, Any]) -> str:
    """Return the README text of the model ``name``; for ``card`` see :func:`write_readme`."""
    data, training, figures = card["data"], card["training"], card["figures"]
    begun = training["initial_model"] or training["initial_run"]
    classes = [entry["name"] for entry in card["classes"]]
    lines = [
        f"# {name}",
        "",
        f"{card['network']['name']} for {len(classes)} classes of {as_markdown(data['name'])} at "
        f"{card['input']['width']}x{card['input']['height']}.",
        "",
        f"| on {as_markdown(data['name'])} {training['validation_split']} | |",
        "|---|---|",
        f"| mIoU | {_percent(figures['validation_miou'])} |",
        f"| pixel accuracy | {_percent(figures['validation_pixel_accuracy'])} |",
        *(
            f"| IoU of {as_markdown(label)} | {_percent(value)} |"
            for label, value in figures["validation_iou"].items()
        ),
        "",
        f"    mininet_ros evaluate {shlex.quote(name)} --dataset {training['dataset']} --data DIR "
        f"--split {training['validation_split']} --report OUT",
        "",
        f"**Data:** {data['images']} images of {as_markdown(data['name'])} {data['split']}; "
        f"licence: {as_markdown(data['licence'])}.",
        "",
        f"**Trained** on {training['device']} in {training['hours']} hours, finished "
        f"{training['finished']}: {training['images_seen']:,} crops in {training['epochs']} "
        f"epochs, begun from {begun or 'fresh weights'}, seed "
        f"{training['seed']}; the weights of epoch {training['best_epoch']} scored best. "
        f"`model.yaml` holds the whole recipe.",
        "",
        *_of_teacher(card.get("teacher")),
        "**Seen to fail:** look at `worst.png` of the report that the command above writes, and "
        "say it here.",
        "",
        "**Not for:** pictures that the training data has none of (another light, lens or place); "
        "anything that safety depends on.",
        "",
    ]
    return "\n".join(lines)


def _of_teacher(teacher: Mapping[str, Any] | None) -> list[str]:
    if teacher is None:
        return []
    return [
        f"**Taught** by {teacher['name']}, too, on those images and {teacher['unlabelled_images']} "
        f"more without labels. Licence: {teacher['licence']}. It learned from: {teacher['data']}.",
        "",
    ]


def _percent(share: float | None) -> str:
    return "absent" if share is None else f"{100 * share:.2f} %"
