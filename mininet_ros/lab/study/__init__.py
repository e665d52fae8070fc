"""Rebuilds the paper's tables: cost and mIoU of its networks here, beside the printed values."""
