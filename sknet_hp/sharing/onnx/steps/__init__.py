"""Steps before a model, which make one table of another, as ONNX nodes."""
