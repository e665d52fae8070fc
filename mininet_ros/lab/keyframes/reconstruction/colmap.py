"""Structure from motion by COLMAP (pycolmap): features, matches, maps, and frames found in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mininet_ros.extras import missing_extra

if TYPE_CHECKING:
    import pycolmap

MAX_FEATURES = 2048  # a picture
NEIGHBOURS = 8  # each frame of a map is matched with so many that follow it
NEAREST = 4  # frames of the map, by which another frame is looked for
STARTS = 3  # of a map, from different random numbers
LONGEST_S = 120  # of building one map
LEAST_MAP = 3  # frames
LEAST_FIRST_ANGLE = 4.0  # between the rays of the first pair, degrees

# As COLMAP demands of a frame that joins a map.
LEAST_INLIERS = 30
LEAST_INLIER_SHARE = 0.25


class ReconstructionError(RuntimeError):
    """The outside judge cannot run. The message is one sentence."""


@dataclass(frozen=True)
class Map:
    """What COLMAP made of some frames.

    Attributes:
        model: the map; None where it found no beginning.
        registered: indices of the frames in it, ascending.
        points: number of 3D points.
        error_px: mean reprojection error, px; None without a map.
    """

    model: pycolmap.Reconstruction | None
    registered: tuple[int, ...]
    points: int
    error_px: float | None

    def positions(self) -> np.ndarray:
        """(N, 3) float64 camera centres of the registered frames, in the map's own frame."""
        if self.model is None:
            return np.empty((0, 3))
        images = {_index(image.name): image for image in self.model.images.values()}
        return np.array([images[index].projection_center() for index in self.registered])


class Mapper:
    """Builds maps of some frames of a drive, and finds others in them.

    Features and matches are kept, so that the maps of several selections share them.

    Args:
        folder: for pictures and the database.
        images: all frames of the drive by index, (H, W, 3) uint8 BGR.
        camera_matrix: (3, 3) intrinsics of an undistorted camera, px; None lets COLMAP estimate
            focal length and radial distortion.

    Raises:
        ReconstructionError: pycolmap is not installed.
    """

    def __init__(
        self, folder: Path, images: Sequence[np.ndarray], camera_matrix: np.ndarray | None
    ) -> None:
        self._colmap = import_pycolmap()
        self._folder = folder
        self._images = images
        self._matrix = camera_matrix
        self._ids: dict[int, int] = {}
        self._matched: set[tuple[int, int]] = set()
        self._runs = 0
        (folder / "images").mkdir(parents=True)

    @property
    def _database(self) -> Path:
        return self._folder / "database.db"

    def build(self, frames: Sequence[int]) -> Map:
        """Build a map of some frames: of several starts the one with most frames, then least error.

        Forward motion is bistable under COLMAP: which pair it begins with decides much.
        """
        ordered = sorted(frames)
        self._extract(ordered)
        self._match(
            (one, other)
            for place, one in enumerate(ordered)
            for other in ordered[place + 1 : place + 1 + NEIGHBOURS]
        )
        maps = [self._started(ordered, seed) for seed in range(STARTS)]
        return min(maps, key=lambda m: (-len(m.registered), m.error_px or 0.0))

    def locate(self, map_: Map, frames: Sequence[int]) -> dict[int, np.ndarray]:
        """Find frames in a map, each by those of the map that are nearest to it in the drive.

        Returns:
            (3,) float64 camera centre in the map's own frame of each frame that is found.
        """
        model = map_.model
        if model is None:
            return {}
        near = {
            index: sorted(map_.registered, key=lambda other: abs(other - index))[:NEAREST]
            for index in frames
        }
        self._extract(frames)
        self._match((index, other) for index, others in near.items() for other in others)
        places = {index: self._place(model, index, near[index]) for index in frames}
        return {index: place for index, place in places.items() if place is not None}

    def _place(
        self, model: pycolmap.Reconstruction, index: int, near: Sequence[int]
    ) -> np.ndarray | None:
        pixels, points = self._correspondences(model, index, near)
        if len(pixels) < LEAST_INLIERS:
            return None
        camera = next(iter(model.cameras.values()))
        pose = self._colmap.estimate_and_refine_absolute_pose(pixels, points, camera)
        least = max(LEAST_INLIERS, LEAST_INLIER_SHARE * len(pixels))
        if pose is None or pose["num_inliers"] < least:
            return None
        return np.asarray(pose["cam_from_world"].inverse().translation)

    def _extract(self, frames: Iterable[int]) -> None:
        new = [index for index in frames if index not in self._ids]
        if not new:
            return
        for index in new:
            cv2.imwrite(str(self._folder / "images" / _name(index)), self._images[index])
        options = self._colmap.FeatureExtractionOptions()
        options.use_gpu = False
        options.sift.max_num_features = MAX_FEATURES
        reader = self._colmap.ImageReaderOptions()
        if self._matrix is not None:
            matrix = self._matrix
            values = (matrix[0, 0], matrix[1, 1], matrix[0, 2] + 0.5, matrix[1, 2] + 0.5)
            reader.camera_model = "PINHOLE"
            reader.camera_params = ",".join(f"{value:.9g}" for value in values)
        if self._ids:
            reader.existing_camera_id = 1
        self._colmap.extract_features(
            self._database,
            self._folder / "images",
            [_name(index) for index in new],
            camera_mode=self._colmap.CameraMode.SINGLE,
            reader_options=reader,
            extraction_options=options,
        )
        with self._colmap.Database.open(self._database) as database:
            self._ids |= {
                _index(image.name): image.image_id for image in database.read_all_images()
            }

    def _match(self, pairs: Iterable[tuple[int, int]]) -> None:
        new = {(min(pair), max(pair)) for pair in pairs} - self._matched
        if not new:
            return
        listed = self._folder / "pairs.txt"
        listed.write_text("".join(f"{_name(a)} {_name(b)}\n" for a, b in sorted(new)))
        pairing = self._colmap.ImportedPairingOptions()
        pairing.match_list_path = listed
        options = self._colmap.FeatureMatchingOptions()
        options.use_gpu = False
        self._colmap.match_image_pairs(
            self._database, matching_options=options, pairing_options=pairing
        )
        self._matched |= new

    def _started(self, frames: Sequence[int], seed: int) -> Map:
        options = self._colmap.IncrementalPipelineOptions()
        options.image_names = [_name(index) for index in frames]
        options.random_seed = seed
        options.min_model_size = LEAST_MAP
        options.max_runtime_seconds = LONGEST_S
        options.extract_colors = False
        # COLMAP's own limits would let no map of a drive begin: a camera that looks ahead moves
        # along its axis, and its rays meet at small angles.
        options.mapper.init_max_forward_motion = 1.0
        options.mapper.init_min_tri_angle = LEAST_FIRST_ANGLE
        if self._matrix is not None:
            options.ba_refine_focal_length = options.ba_refine_extra_params = False
            options.mapper.abs_pose_refine_focal_length = False
            options.mapper.abs_pose_refine_extra_params = False
        self._runs += 1
        output = self._folder / f"map{self._runs}"
        output.mkdir()
        models = self._colmap.incremental_mapping(
            self._database, self._folder / "images", output, options
        )
        if not models:
            return Map(None, (), 0, None)
        model = max(models.values(), key=lambda model: model.num_reg_images())
        registered = sorted(_index(model.images[i].name) for i in model.reg_image_ids())
        error = model.compute_mean_reprojection_error()
        return Map(model, tuple(registered), model.num_points3D(), float(error))

    def _correspondences(
        self, model: pycolmap.Reconstruction, index: int, near: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (N, 2) of a frame and the map's points (N, 3) that they are matched with."""
        pixels, points = {}, {}
        with self._colmap.Database.open(self._database) as database:
            keypoints = database.read_keypoints(self._ids[index])[:, :2]
            for other in near:
                geometry = database.read_two_view_geometry(self._ids[index], self._ids[other])
                image = model.images[self._ids[other]]
                for own, theirs in np.asarray(geometry.inlier_matches).reshape(-1, 2).tolist():
                    point = image.points2D[theirs]
                    if point.has_point3D():
                        pixels[own] = keypoints[own]
                        points[own] = model.points3D[point.point3D_id].xyz
        return (
            np.array(list(pixels.values()), np.float64).reshape(-1, 2),
            np.array(list(points.values()), np.float64).reshape(-1, 3),
        )


def import_pycolmap() -> ModuleType:
    """The module pycolmap, without its own messages.

    Raises:
        ReconstructionError: it is not installed.
    """
    try:
        import pycolmap
    except ImportError as error:
        raise ReconstructionError(missing_extra("--reconstruct", "reconstruct")) from error
    pycolmap.logging.minloglevel = int(pycolmap.logging.FATAL.value)
    return pycolmap


def _name(index: int) -> str:
    return f"{index:06d}.png"


def _index(name: str) -> int:
    return int(Path(name).stem)
