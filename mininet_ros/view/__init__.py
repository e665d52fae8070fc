"""Shows a run in Rerun, in its viewer or in a file; the only room that imports Rerun."""

from __future__ import annotations

from mininet_ros.view.view import UNSEEN, Picture, View, ViewError, check_view, open_view

__all__ = ["UNSEEN", "Picture", "View", "ViewError", "check_view", "open_view"]
