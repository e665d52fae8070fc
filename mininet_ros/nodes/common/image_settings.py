"""Parameters of every node that decodes camera images."""

from __future__ import annotations

from dataclasses import dataclass

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.nodes.common.image_messages import through_cv_bridge
from mininet_ros.parameters import ParameterError, parameter


@dataclass(frozen=True)
class ImageSettings:
    """Parameters for decoding camera images."""

    max_pixels: int = parameter(
        MAX_PIXELS,
        "Largest number of pixels (width times height) of a camera image; larger ones are rejected "
        "before they are decoded.",
        1,
        1_000_000_000,
    )
    channel_bits: int = parameter(
        0,
        "Number of bits, 9 to 16, that cameras put into channels of 16 bits (mono16, rgb16 ...); "
        "0 takes the fewest of 10, 12, 14 and 16 that hold all values seen so far.",
        0,
        16,
    )

    def decoder(self) -> ImageDecoder:
        """Return a decoder for one stream.

        Raises:
            ParameterError: ``channel_bits`` is between 1 and 8.
        """
        if 0 < self.channel_bits < 9:
            raise ParameterError(
                f"parameter channel_bits must be 0 or 9 to 16, not {self.channel_bits}"
            )
        return ImageDecoder(self.max_pixels, self.channel_bits, through_cv_bridge)
