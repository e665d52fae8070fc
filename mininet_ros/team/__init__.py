"""Radio link of the team over Zenoh, without ROS: robots send, a base station receives."""
