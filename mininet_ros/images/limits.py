"""Limits on images; without imports, so that the help of commands can name them at once."""

MAX_PIXELS = 40_000_000
"""Default limit on an image's pixels; 8K video has 33 million."""
