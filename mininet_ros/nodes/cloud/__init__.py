"""Labels in space: the node that publishes labelled points."""
