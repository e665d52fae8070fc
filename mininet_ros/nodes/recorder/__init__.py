"""Nodes that observe a stream, record it and measure its timing."""
