"""Cues: the measurements of a frame, one file for each cue."""
