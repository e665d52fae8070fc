"""Choice of the frames worth forwarding: scores of a frame, selector, byte budget.

This room uses NumPy and OpenCV only. It does not import ROS, and no decision reads a clock.
``FrameScorer`` scores frames, ``KeyframeSelector`` decides on them, ``KeyframePipeline`` joins the
two, and ``ByteBudget`` limits the bytes sent to team mates.
"""

from mininet_ros.keyframes.cues.classes import ClassError, parse_class_weights
from mininet_ros.keyframes.cues.content import ContentStatus
from mininet_ros.keyframes.cues.scorer import FrameScorer
from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.keyframes.pipeline import KeyframePipeline
from mininet_ros.keyframes.selection.budget import BudgetError, ByteBudget, Outcome, Verdict
from mininet_ros.keyframes.selection.config import ConfigError, Mode, SelectorConfig
from mininet_ros.keyframes.selection.decisions import Decision, Reason, Step
from mininet_ros.keyframes.selection.selector import KeyframeSelector, SelectorStatistics

__all__ = [
    "BudgetError",
    "ByteBudget",
    "ClassError",
    "ConfigError",
    "ContentStatus",
    "Decision",
    "FrameScorer",
    "FrameScores",
    "KeyframePipeline",
    "KeyframeSelector",
    "Mode",
    "Outcome",
    "Reason",
    "SelectorConfig",
    "SelectorStatistics",
    "Step",
    "Verdict",
    "parse_class_weights",
]
