"""One image in, one label mask out: segmenters for CPU and GPU."""

from mininet_ros.inference.loading import BACKENDS, RUNTIMES, load_segmenter
from mininet_ros.inference.segmenter import BackendError, Segmentation, Segmenter

__all__ = ["BACKENDS", "RUNTIMES", "BackendError", "Segmentation", "Segmenter", "load_segmenter"]
