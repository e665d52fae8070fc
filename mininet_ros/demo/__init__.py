"""A real ROS 2 graph of this package's nodes, as processes; imports no ROS itself."""
