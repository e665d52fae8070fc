"""What a camera image is: encodings, classes, pictures of labels; no ROS, no torch."""
