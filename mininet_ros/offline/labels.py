"""Label pictures that are given with a sequence, one for each frame."""

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

    Frames and labels are matched by name if a label has the name of the first frame. Otherwise they
    are matched by order, with the labels sorted by name.

    Args:
        folder: folder with the PNGs; see
            :func:`mininet_ros.images.label_pictures.read_label_picture`.
        classes: names and colours of the classes. Ids start at 0. The id after the last class,
            which CamVid uses for void, and 255 are void.

    Raises:
        SequenceError: the folder contains no PNG.
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
            SequenceError: a frame has no label, labels and frames matched by order differ in
                number, or a label cannot be read.
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
