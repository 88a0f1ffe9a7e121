"""The contents of a saved file: an estimator to bytes, and back.

The bytes are in the safetensors format. Their metadata hold a tree of plain data in
JSON, in which arrays are named and classes have short names. Estimators of scikit-learn
that hold no network go through skops, which knows what it may build. So loading makes
objects of known classes and sets their attributes; it calls nothing that a file names.
"""

import hashlib
import json
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from sknet_hp.estimators.persistence.classes import is_savable
from sknet_hp.estimators.persistence.errors import SavedModelError
from sknet_hp.estimators.persistence.reader import Reader
from sknet_hp.estimators.persistence.writer import Writer

FORMAT = 2
"""Number of the format; one more when older versions could not read it."""

MOST_BEFORE_ARRAYS = 8 + 100_000_000
"""Most bytes before the arrays: the header's length, and safetensors' longest one."""

# What reading a damaged or a forged file may raise.
_DAMAGE_ERRORS = (
    SafetensorError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    ImportError,
    RecursionError,
    MemoryError,
)


def serialize(estimator: object, *, resumable: bool = True) -> bytes:
    """Return the content of the file that `save` writes.

    Raises
    ------
    TypeError
        If something in it can not be stored; the message names it.
    """
    if not is_savable(estimator):
        inner = "save its best_estimator_, or " if is_savable(getattr(estimator, "best_estimator_", None)) else ""
        raise TypeError(
            f"save takes a NetClassifier, a NetRegressor, a Pipeline, and estimators of scikit-learn that hold one of "
            f"them, but searches, got {type(estimator).__name__}; {inner}use joblib.dump for others"
        )
    writer = Writer(resumable)
    try:
        tree = json.dumps(writer.encode(estimator, type(estimator).__name__), separators=(",", ":"))
    except RecursionError:
        raise TypeError(
            f"{type(estimator).__name__} holds something that holds itself, which can't be stored without pickle; use "
            f"joblib.dump"
        ) from None
    metadata = {"sknet_hp": str(FORMAT), "tree": tree, "sha256": compute_digest(tree, writer.arrays)}
    try:
        return save_tensors(writer.arrays, metadata)
    except SafetensorError as error:  # its header has a limit
        raise TypeError(
            f"{type(estimator).__name__} holds more text than the format takes ({error}); use joblib.dump"
        ) from None


def deserialize(content: bytes, name: str) -> Any:
    """Return the estimator that the content of a file holds; errors call it `name`.

    Raises
    ------
    SavedModelError
        If the content is damaged.
    """
    tree, digest = read_header(content, name)
    try:
        arrays = load_tensors(content)
        if not isinstance(tree, str) or compute_digest(tree, arrays) != digest:
            raise SavedModelError(f"{name} is damaged or was changed: its contents do not match their checksum")
        estimator = Reader(arrays).decode(json.loads(tree))
    except SavedModelError:
        raise
    except _DAMAGE_ERRORS as error:
        raise SavedModelError(f"{name} is damaged: {type(error).__name__} while reading it") from None
    if not is_savable(estimator):
        raise SavedModelError(f"{name} holds no estimator")
    return estimator


def read_header(content: bytes, name: str) -> tuple[Any, Any]:
    """Return the tree and the checksum of a file; its arrays need not be there yet.

    Raises
    ------
    SavedModelError
        If the file is none of ours, or of another version.
    """
    try:
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size])["__metadata__"] if 0 < size <= len(content) - 8 else {}
        version = int(metadata["sknet_hp"])
        tree, digest = metadata["tree"], metadata["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SavedModelError(f"{name} is not a file that sknet_hp.save wrote, or its beginning is damaged") from None
    if version > FORMAT:
        raise SavedModelError(
            f"{name} was written by a newer version of sknet_hp (format {version}, this one reads {FORMAT}); update "
            f"sknet_hp"
        )
    if version < FORMAT:
        raise SavedModelError(
            f"{name} was written by an older version of sknet_hp (format {version}, this one reads {FORMAT}); fit and "
            f"save the model again"
        )
    return tree, digest


def compute_digest(tree: str, arrays: dict[str, np.ndarray]) -> str:
    """Compute the SHA-256 checksum of a file's tree and arrays."""
    sha = hashlib.sha256(tree.encode())
    for name in sorted(arrays):
        array = arrays[name]
        sha.update(f"{name} {array.dtype.str} {array.shape}".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()
