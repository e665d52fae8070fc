"""Limits on images. No imports, so that the help of commands can name them quickly."""

MAX_PIXELS = 40_000_000
"""Default limit on an image's pixels; 8K video has 33 million."""
