"""Export models to ONNX, and describe them in model cards."""

from sknet_hp.sharing.cards.card import Card, card
from sknet_hp.sharing.onnx.check import run_model as run_onnx
from sknet_hp.sharing.onnx.export import export, to_onnx
from sknet_hp.sharing.trusted import list_trusted_types

__all__ = ["Card", "card", "export", "list_trusted_types", "run_onnx", "to_onnx"]
