"""One-hot encoders of scikit-learn as ONNX nodes; skl2onnx has no rare categories."""

import numpy as np
from sklearn.preprocessing import OneHotEncoder

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.encoding.categories import MISSING, look_up_numbers, look_up_text
from sknet_hp.sharing.onnx.tables import MatrixTensor, TensorTable


def add_one_hot(b: GraphBuilder, step: OneHotEncoder, table: TensorTable) -> TensorTable:
    """Add a fitted encoder, and return its table of 0 and 1.

    A category that is unknown is 0 in all columns, also where Python raises an error.
    """
    parts, n_columns = [], 0
    for column in range(len(step.categories_)):
        groups = _number_groups(step, column)
        n_groups = int(groups.max()) + 1
        dropped = None if step._drop_idx_after_grouping is None else step._drop_idx_after_grouping[column]
        kept = np.array([group for group in range(n_groups) if group != dropped], np.int64)
        if len(kept):
            position = _add_position(b, step, table, column, groups)
            parts.append(b.cast(b.add("Equal", position, kept), np.float64))
            n_columns += len(kept)
    return MatrixTensor(b.concatenate(parts), n_columns, np.float64)


def _number_groups(step: OneHotEncoder, column: int) -> np.ndarray:
    """Return of each category the number of its group; rare ones are the last group."""
    groups = step._default_to_infrequent_mappings[column] if step._infrequent_enabled else None
    return np.arange(len(step.categories_[column])) if groups is None else np.asarray(groups)


def _add_position(b: GraphBuilder, step: OneHotEncoder, table: TensorTable, column: int, groups: np.ndarray) -> str:
    """Return the group of each cell, (rows, 1) int64; -1 for those that have none."""
    categories = step.categories_[column]
    has_rare = step._infrequent_enabled and step.infrequent_categories_[column] is not None
    unseen = int(groups.max()) if has_rare and step.handle_unknown in ("infrequent_if_exist", "warn") else -1
    # NaN alone differs from itself.
    known = {
        None if category is None or category != category else category: int(group)
        for category, group in zip(categories.tolist(), groups, strict=True)
    }
    missing = known.pop(None, unseen)
    if any(isinstance(category, str) for category in known):
        text = {MISSING: missing} | {str(category): group for category, group in known.items()}
        return look_up_text(b, table.read_text(b, column), text, unseen)
    return look_up_numbers(b, table.read_numbers(b, [column]), known, missing, unseen)
