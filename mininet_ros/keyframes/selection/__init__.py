"""Which frames are forwarded: windows, requests, waiting frames, byte budget."""
