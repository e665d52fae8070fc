"""Training, evaluation, export and import of the networks: the room that imports PyTorch."""
