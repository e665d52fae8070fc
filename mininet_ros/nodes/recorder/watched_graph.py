"""A graph of nodes on the screen."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CompressedImage, Image

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.nodes.common.stamps import stamp_of
from mininet_ros.view import Picture, View

_CURVES = ("relative", "content", "motion")


class WatchedGraph:
    """Shows camera images, masks, scores and keyframes of a graph.

    Args:
        view: view that shows them.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._decoder = ImageDecoder()

    def take_image(self, image: CompressedImage) -> None:
        """Show a camera image, JPEG."""
        self._view.picture(stamp_of(image.header), Picture(bytes(image.data)))

    def take_mask(self, mask: Image) -> None:
        """Show a mask of the camera's size."""
        self._view.mask(stamp_of(mask.header), self._decoder.labels(mask))

    def take_keyframe(self, image: Image) -> None:
        """Show a chosen frame."""
        self._view.keyframe(stamp_of(image.header), Picture(self._decoder.message(image)))

    def take_scores(self, scores: DiagnosticArray) -> None:
        """Draw the scores of a frame, and say why it was chosen if it was."""
        (status,) = scores.status
        values = {pair.key: pair.value for pair in status.values}
        curves = _curves(values)
        stamp_ns = stamp_of(scores.header)
        self._view.scores(stamp_ns, curves)
        if values["forwarded"] == "1":
            self._view.reason(stamp_ns, status.message, curves.get("relative"))


def _curves(values: Mapping[str, str]) -> dict[str, float]:
    return {name: float(values[name]) for name in _CURVES if name in values}
