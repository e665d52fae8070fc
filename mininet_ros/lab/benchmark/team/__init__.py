"""Robots and a base station on thin, lossy links: network namespaces on one machine."""
