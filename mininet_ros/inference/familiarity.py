"""Measure of how similar pictures are to a model's training images, from masks alone.

A network labels every picture with confidence, also unfamiliar ones. The positions of the labels
reveal these: a street has road below and sky above, but a kitchen that is labelled as a street does
not. The measure is the mean log-likelihood of a mask's pixels under the class shares in the same
band of the training images. It needs only the mask, and about a tenth of a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mininet_ros.models import CARD, Model, ModelError

SECTION = "familiarity"
BANDS = 8  # bands of a mask, from top to bottom
ROWS = 8  # sampled rows of each band; columns are sampled with the same stride
LEAST_SHARE = 0.01  # added to each share, so that no class is impossible anywhere


@dataclass(frozen=True)
class Familiarity:
    """Familiarity measure of a model, from its card.

    Attributes:
        log_shares: float (:data:`BANDS`, classes), logarithm of each class's share in a band.
        usual, strange: median likelihood of the model's validation images, and of unrelated photos;
            these are mapped to 1 and 0.
        warn_below: value that nearly all validation images exceed.
        calibrated_on: description of the images that were used.
        strange_found: share of the unrelated photos whose value is below ``warn_below``.
    """

    log_shares: np.ndarray
    usual: float
    strange: float
    warn_below: float
    calibrated_on: str
    strange_found: float

    def of(self, mask: np.ndarray) -> float:
        """Return the familiarity: about 1 for pictures like the model's own, 0 or less for others.

        Args:
            mask: uint8 (H, W), class ids.
        """
        return (likelihood(mask, self.log_shares) - self.strange) / (self.usual - self.strange)

    def warning(self, value: float, model: str) -> str | None:
        """Return a sentence if a mean over pictures is unusually low; None otherwise.

        Args:
            value: mean of :meth:`of`; NaN without a picture.
            model: name of the model.
        """
        if not value < self.warn_below:
            return None
        return (
            f"the pictures look unlike those that {model} was trained on (familiarity "
            f"{value:.2f}, usual above {self.warn_below:.2f}): its labels may mean nothing"
        )

    def as_card(self) -> dict[str, Any]:
        """Return the section of a model's card that :func:`read_familiarity` reads."""
        return asdict(self) | {"log_shares": np.round(self.log_shares, 2).tolist()}


def read_familiarity(model: Model) -> Familiarity | None:
    """Return the measure in a model's card; None where it was not calibrated.

    Raises:
        ModelError: the section in the card is invalid.
    """
    section = model.card.get(SECTION)
    if section is None:
        return None
    try:
        return familiarity_from(section, len(model.classes))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"{model.folder / CARD}: the section {SECTION} lacks an entry or has a wrong one: "
            f"{error!r}; `mininet_ros calibrate` writes it anew"
        ) from error


def familiarity_from(section: Mapping[str, Any], classes: int) -> Familiarity:
    """Return the measure in a card's section.

    Raises:
        KeyError, TypeError, ValueError: the section is invalid.
    """
    found = Familiarity(
        log_shares=np.asarray(section["log_shares"], np.float32),
        usual=float(section["usual"]),
        strange=float(section["strange"]),
        warn_below=float(section["warn_below"]),
        calibrated_on=str(section["calibrated_on"]),
        strange_found=float(section["strange_found"]),
    )
    if found.log_shares.shape != (BANDS, classes):
        raise ValueError(f"log_shares of shape {found.log_shares.shape}")
    if not found.usual > found.strange:
        raise ValueError("usual must exceed strange")
    return found


def band_shares(mask: np.ndarray, classes: int) -> np.ndarray:
    """Return the class shares in each band of a mask: float64 (:data:`BANDS`, classes).

    Args:
        mask: uint8 (H, W), class ids below ``classes``, at least :data:`BANDS` rows.
    """
    height = mask.shape[0]
    stride = max(1, height // (BANDS * ROWS))
    seen = mask[::stride, ::stride].astype(np.intp)
    rows = np.arange(len(seen)) * BANDS // len(seen)
    cells = rows[:, None] * classes + seen
    counts = np.bincount(cells.ravel(), minlength=BANDS * classes).reshape(BANDS, classes)
    return counts / counts.sum(1, keepdims=True)


def likelihood(mask: np.ndarray, log_shares: np.ndarray) -> float:
    """Return the mean log-likelihood of a mask's pixels; ``log_shares`` as in Familiarity."""
    return float((band_shares(mask, log_shares.shape[1]) * log_shares).sum() / BANDS)
