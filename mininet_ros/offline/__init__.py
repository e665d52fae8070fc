"""The selection of keyframes without ROS: recordings in, chosen frames and a report out."""
