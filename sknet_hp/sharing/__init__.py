"""Models that leave Python: ONNX, and cards that describe them."""

from sknet_hp.sharing.onnx.check import run_model as run_onnx
from sknet_hp.sharing.onnx.export import export, to_onnx

__all__ = ["export", "run_onnx", "to_onnx"]
