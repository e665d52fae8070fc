"""``python -m mininet_ros.cli``."""

import sys

from mininet_ros.cli import main

sys.exit(main())
