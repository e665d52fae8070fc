"""Semantic cloud node: publishes points with class labels."""
