"""``python -m mininet_ros.nodes segmentation_node --ros-args ...``."""

import sys

from mininet_ros.nodes.start import main

sys.exit(main())
