"""Pictures of text that the package draws by itself, to learn scene text from."""

from __future__ import annotations

from mininet_ros.lab.training.data.rendered_text.dataset import WithRenderedText

__all__ = ["WithRenderedText"]
