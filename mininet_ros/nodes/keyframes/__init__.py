"""The keyframe selector node."""
