"""Image stream node, a substitute for a camera."""
