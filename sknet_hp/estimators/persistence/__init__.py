"""Saved estimators: one file of tensors and JSON, no pickle."""

from sknet_hp.estimators.persistence.errors import SavedModelError
from sknet_hp.estimators.persistence.files import from_bytes, load, save, to_bytes

__all__ = ["SavedModelError", "from_bytes", "load", "save", "to_bytes"]
