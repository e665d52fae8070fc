"""Which frames are worth forwarding: scores of a frame, the selector, the byte budget."""
