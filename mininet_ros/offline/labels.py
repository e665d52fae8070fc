"""Label pictures given with a sequence, one for each of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.models import IGNORE_LABEL
from mininet_ros.sequences import Frame, LabelledFrame, Sequence, SequenceError


class LabelFolder:
    """PNGs of class ids, one 8 bit channel, for the frames of a sequence.

    Frame and label belong together by name, where the first frame finds its name among the labels;
    else the first label, in the order of names, is that of the first frame, and so on.

    Args:
        folder: holds the PNGs.
        classes: number of classes. Ids go from 0 to `classes - 1`; `classes`, the id that CamVid
            gives to void, and 255 are void.

    Raises:
        SequenceError: the folder holds no PNG.
    """

    def __init__(self, folder: Path, classes: int) -> None:
        self.folder = folder
        self._classes = classes
        self._paths = sorted(folder.glob("*.png")) if folder.is_dir() else []
        if not self._paths:
            raise SequenceError(f"{folder} holds no PNGs; give a folder of label pictures")
        self._by_name = {path.stem: path for path in self._paths}

    def label(self, sequence: Sequence) -> Iterator[LabelledFrame]:
        """Iterate over a sequence with the labels as masks.

        Raises:
            SequenceError: a frame has no label, labels and frames differ in number while their
                names have nothing in common, or a label cannot be read.
        """
        by_name = False
        for index, frame in enumerate(sequence):
            if index == 0:
                by_name = frame.name in self._by_name
                if not by_name and sequence.length not in (None, len(self._paths)):
                    raise SequenceError(
                        f"{self.folder} holds {len(self._paths)} labels for {sequence.length} "
                        "frames; without common names there must be one for each"
                    )
            path = self._path(frame, index, by_name)
            yield LabelledFrame(frame, self._read(path), None)

    def _path(self, frame: Frame, index: int, by_name: bool) -> Path:
        path = self._by_name.get(frame.name) if by_name else None
        if not by_name and index < len(self._paths):
            path = self._paths[index]
        if path is None:
            raise SequenceError(
                f"{self.folder} has no label for frame {frame.name}; give one for each frame, "
                "with the frame's name or in the same order"
            )
        return path

    def _read(self, path: Path) -> np.ndarray:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        labels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
        if labels is None or labels.ndim != 2 or labels.dtype != np.uint8:
            raise SequenceError(f"label {path} must be a picture of one 8 bit channel of class ids")
        unknown = labels[(labels > self._classes) & (labels != IGNORE_LABEL)]
        if unknown.size:
            raise SequenceError(
                f"label {path} holds id {unknown[0]}, but there are {self._classes} classes; name "
                "the classes that these labels mean"
            )
        return np.where(labels == self._classes, np.uint8(IGNORE_LABEL), labels)
