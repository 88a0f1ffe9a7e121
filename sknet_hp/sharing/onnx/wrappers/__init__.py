"""scikit-learn's estimators around others, as ONNX nodes over the graphs of those."""
