"""Models that leave Python: ONNX, and cards that describe them."""
