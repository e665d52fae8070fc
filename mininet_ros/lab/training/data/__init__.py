"""What networks learn from: datasets, augmentation, batches."""
