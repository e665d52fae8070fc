"""Renders a synthetic street with exact ground truth, for the demo, tests and evaluation."""

from mininet_ros.lab.street.sequence import GeneratedStreet, StreetTruth, VisibleSign
from mininet_ros.lab.street.stage import CLASSES

__all__ = ["CLASSES", "GeneratedStreet", "StreetTruth", "VisibleSign"]
