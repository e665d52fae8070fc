"""Camera images: encodings, decoding, classes, label pictures; no ROS, no torch."""
