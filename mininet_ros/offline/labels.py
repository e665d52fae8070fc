"""Label pictures given with a sequence, one for each of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.label_pictures import LabelRules, is_label_picture, read_label_picture
from mininet_ros.sequences import Frame, LabelledFrame, Sequence, SequenceError


class LabelFolder:
    """PNGs of labels for the frames of a sequence.

    Frame and label belong together by name, where the first frame finds its name among the labels;
    else the first label, in the order of names, is that of the first frame, and so on.

    Args:
        folder: holds the PNGs; see :func:`mininet_ros.images.label_pictures.read_label_picture`.
        classes: names and colours. Ids go from 0; the id after the last class, which CamVid gives
            to void, and 255 are void.

    Raises:
        SequenceError: the folder holds no PNG.
    """

    def __init__(self, folder: Path, classes: ClassTable) -> None:
        self.folder = folder
        self._rules = LabelRules((*range(len(classes.names)), IGNORE_LABEL), classes.colors)
        files = folder.iterdir() if folder.is_dir() else ()
        self._paths = sorted(path for path in files if is_label_picture(path))
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
        try:
            return read_label_picture(path, self._rules)
        except ImageError as error:
            raise SequenceError(f"label {path} cannot be used: {error}") from error
