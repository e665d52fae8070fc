"""Nodes that watch a stream, record it and time it."""
