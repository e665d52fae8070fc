"""Target classes and their weights, as a user names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


class ClassError(ValueError):
    """A target class or its weight cannot be used. The message is one sentence."""


def parse_class_weights(entries: Sequence[str]) -> dict[str, float]:
    """Parse class names with optional weights, for example ``["text", "sign: 0.5"]``.

    Raises:
        ClassError: a weight is not a number, or a class is named twice.
    """
    weights: dict[str, float] = {}
    for entry in entries:
        name, _, text = entry.partition(":")
        name = name.strip()
        try:
            weight = float(text) if text.strip() else 1.0
        except ValueError:
            raise ClassError(
                f"The weight of class '{name}' must be a number, got '{text.strip()}'."
            ) from None
        if name in weights:
            raise ClassError(f"Class '{name}' is named twice; name each target class once.")
        weights[name] = weight
    return weights


def class_weight_table(weights: Mapping[str, float], classes: Sequence[str]) -> np.ndarray:
    """Return the weight of every label value, for look-up by a mask.

    Args:
        weights: weight of each target class by its name, above 0 and at most 100.
        classes: class names of the network, in label order.

    Returns:
        (256,) float32 weights; 0 for labels that are not targets.

    Raises:
        ClassError: a name is not among ``classes``, or a weight is out of range.
    """
    table = np.zeros(256, np.float32)
    for name, weight in weights.items():
        if name not in classes:
            known = ", ".join(classes)
            raise ClassError(f"Unknown class '{name}'; the model knows: {known}.")
        if not 0.0 < weight <= 100.0:
            raise ClassError(
                f"The weight of class '{name}' must be above 0 and at most 100, got {weight:g}."
            )
        table[list(classes).index(name)] = weight
    return table
