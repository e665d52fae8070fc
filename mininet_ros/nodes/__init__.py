"""ROS 2 nodes: thin adapters around inference, keyframes and sequences."""
