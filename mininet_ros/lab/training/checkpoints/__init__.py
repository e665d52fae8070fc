"""Import of the authors' released TensorFlow checkpoints."""
