"""The error of this room."""


class AdoptError(ValueError):
    """A file cannot become a model folder; one sentence says why and what to do."""
