"""Errors of the team link that the user's settings cause."""

from __future__ import annotations


class TeamError(ValueError):
    """The team link cannot be set up with these settings. The message is one sentence."""
