"""MiniNet-v2 semantic segmentation and keyframe selection for ROS 2."""

__version__ = "0.1.0"
