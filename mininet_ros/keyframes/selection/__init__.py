"""Selection of frames to forward: windows, requests, waiting frames, byte budget."""
