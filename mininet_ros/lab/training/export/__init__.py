"""Exports networks as model folders with ONNX graphs in float32 and int8."""
