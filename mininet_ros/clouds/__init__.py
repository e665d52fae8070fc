"""Labels in space: points of a depth image with the class that a mask gives them; NumPy only."""

from mininet_ros.clouds.labelled import (
    POINT,
    CloudError,
    Intrinsics,
    LabelledCloud,
    depth_in_metres,
)

__all__ = ["POINT", "CloudError", "Intrinsics", "LabelledCloud", "depth_in_metres"]
