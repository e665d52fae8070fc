"""Whether pictures look like those that a model was trained on, told from its masks.

A network labels whatever it is shown, and with confidence. What gives it away is where the labels
lie: a street has road below and sky above, and a kitchen that is labelled as a street has not. The
measure is the mean log-likelihood of a mask's pixels under the shares that the classes had in the
same band of the training images. It needs nothing but the mask, and about a tenth of a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mininet_ros.models import CARD, Model, ModelError

SECTION = "familiarity"
BANDS = 8  # of a mask, from top to bottom
ROWS = 8  # of each band that are looked at, and every so many pixels of a row
LEAST_SHARE = 0.01  # added to each, so that no class is impossible anywhere


@dataclass(frozen=True)
class Familiarity:
    """A model's own measure of what it knows, from its card.

    Attributes:
        log_shares: float (:data:`BANDS`, classes), logarithm of each class's share in a band.
        usual, strange: median likelihood of the model's own validation images, and of photos of
            another kind; they become 1 and 0.
        warn_below: value that all but a few of the validation images exceed.
        calibrated_on: which images those were, in words.
        strange_found: share of the photos of another kind that lie below ``warn_below``.
    """

    log_shares: np.ndarray
    usual: float
    strange: float
    warn_below: float
    calibrated_on: str
    strange_found: float

    def of(self, mask: np.ndarray) -> float:
        """How familiar a picture is: about 1 for the model's own kind, 0 for another, or less.

        Args:
            mask: uint8 (H, W), class ids.
        """
        return (likelihood(mask, self.log_shares) - self.strange) / (self.usual - self.strange)

    def warning(self, value: float, model: str) -> str | None:
        """One sentence where a mean over pictures is too low to be usual; None otherwise.

        Args:
            value: mean of :meth:`of`; NaN for no picture.
            model: its name.
        """
        if not value < self.warn_below:
            return None
        return (
            f"the pictures look unlike those that {model} was trained on (familiarity "
            f"{value:.2f}, usual above {self.warn_below:.2f}): its labels may mean nothing"
        )

    def as_card(self) -> dict[str, Any]:
        """The section of a model's card that :func:`read_familiarity` reads."""
        return asdict(self) | {"log_shares": np.round(self.log_shares, 2).tolist()}


def read_familiarity(model: Model) -> Familiarity | None:
    """The measure that a model's card holds; None where it was not calibrated.

    Raises:
        ModelError: the card's section is not what it must be.
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
    """The measure in a card's section.

    Raises:
        KeyError, TypeError, ValueError: the section is not what it must be.
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
    """Share of each class in each band of a mask: float64 (:data:`BANDS`, classes).

    Args:
        mask: uint8 (H, W), class ids below ``classes``; of at least :data:`BANDS` rows.
    """
    height = mask.shape[0]
    stride = max(1, height // (BANDS * ROWS))
    seen = mask[::stride, ::stride].astype(np.intp)
    rows = np.arange(len(seen)) * BANDS // len(seen)
    cells = rows[:, None] * classes + seen
    counts = np.bincount(cells.ravel(), minlength=BANDS * classes).reshape(BANDS, classes)
    return counts / counts.sum(1, keepdims=True)


def likelihood(mask: np.ndarray, log_shares: np.ndarray) -> float:
    """Mean log-likelihood of a mask's pixels; arguments as above."""
    return float((band_shares(mask, log_shares.shape[1]) * log_shares).sum() / BANDS)
