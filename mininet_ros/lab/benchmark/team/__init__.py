"""Simulates robots and a base station on slow, lossy links with network namespaces."""
