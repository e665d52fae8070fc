"""Imports the authors' released TensorFlow checkpoints."""
