"""How fast an engine is on this machine, measured so that the figures can be compared."""
