"""Measures speed and memory of engines and nodes on this machine, side by side."""
