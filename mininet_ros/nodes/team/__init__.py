"""The base station's node: what robots send over the radio, as ordinary topics."""
