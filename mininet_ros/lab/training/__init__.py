"""Trains, evaluates, exports and imports the networks with PyTorch."""
