"""Builds teachers for ``mininet_ros train --teacher``."""
