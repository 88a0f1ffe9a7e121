"""Saved estimators: one file of tensors and JSON, no pickle."""

from sknet_hp.estimators.persistence.contents import deserialize, serialize
from sknet_hp.estimators.persistence.errors import SavedModelError
from sknet_hp.estimators.persistence.files import load, save

__all__ = ["SavedModelError", "deserialize", "load", "save", "serialize"]
