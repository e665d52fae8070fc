"""Segmentation networks of others, wrapped into model folders of our contract."""
