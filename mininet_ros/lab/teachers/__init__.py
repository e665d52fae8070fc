"""Teachers for trainings by ``mininet_ros train --teacher``."""
