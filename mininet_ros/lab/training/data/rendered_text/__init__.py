"""Renders images of text for the training of scene text networks."""

from __future__ import annotations

from mininet_ros.lab.training.data.rendered_text.dataset import WithRenderedText

__all__ = ["WithRenderedText"]
