"""What goes wrong with the team link because of what a user asked for."""

from __future__ import annotations


class TeamError(ValueError):
    """The team link cannot be set up as asked for. The message is one sentence."""
