"""An outside judge of keyframes: COLMAP builds a map of them and finds other frames in it."""
