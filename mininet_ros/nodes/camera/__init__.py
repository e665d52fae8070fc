"""A camera for those who have none at hand."""
