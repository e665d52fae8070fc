"""Keyframe selection without ROS: from recordings to chosen frames and a report."""
