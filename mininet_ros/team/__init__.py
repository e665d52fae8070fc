"""The team's radio link over Zenoh, without ROS: robots send, a base station receives."""
