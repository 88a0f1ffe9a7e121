"""A table becomes the input of a network, as ONNX nodes."""
