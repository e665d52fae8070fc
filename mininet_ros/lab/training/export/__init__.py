"""A network as a model folder: ONNX graphs in float and in 8-bit integers."""
