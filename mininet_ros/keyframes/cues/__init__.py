"""What is measured of a frame: one file a cue."""
