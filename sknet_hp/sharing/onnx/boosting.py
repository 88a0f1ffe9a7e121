"""scikit-learn's gradient boosting over histograms as ONNX nodes.

It often stands beside networks, in stacking and voting. skl2onnx 1.20 can not write it
with today's protobuf.
"""

from typing import Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.tables import TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, add_label


def add_boosting(b: GraphBuilder, model: Any, table: TensorTable, add_model: AddModel) -> Predictions:
    """Add a HistGradientBoostingClassifier or a HistGradientBoostingRegressor.

    Raises
    ------
    TypeError
        If it splits by categories.
    """
    if model.is_categorical_ is not None:
        raise TypeError(
            f"a {type(model).__name__} that splits by categories has no ONNX form here; make numbers of them by a "
            f"OneHotEncoder in a pipeline, or use another estimator in its place"
        )
    raw = _add_trees(b, model, table.read_numbers(b, range(table.n_columns)))
    if not is_classifier(model):
        is_logarithm = model.loss in ("poisson", "gamma")
        return Predictions(numbers=b.add("Exp", raw) if is_logarithm else raw)
    if len(model.classes_) == 2:
        positive = b.add("Sigmoid", raw)
        probabilities = b.concatenate([b.add("Sub", np.float64(1), positive), positive])
    else:
        probabilities = b.add("Softmax", raw, axis=-1)
    return Predictions(add_label(b, model.classes_, probabilities), probabilities)


def _add_trees(b: GraphBuilder, model: Any, x: str) -> str:
    """Return the sums of trees, (rows, trees per iteration) float64."""
    from onnx import numpy_helper

    trees = [(target, tree.nodes) for trees in model._predictors for target, tree in enumerate(trees)]
    nodes = np.concatenate([nodes for _, nodes in trees])
    tree_of = np.repeat(np.arange(len(trees)), [len(nodes) for _, nodes in trees])
    number_of = np.concatenate([np.arange(len(nodes)) for _, nodes in trees])  # within its tree
    target_of = np.array([target for target, _ in trees])[tree_of]
    leaf = nodes["is_leaf"].astype(bool)
    attributes = {
        "nodes_treeids": tree_of,
        "nodes_nodeids": number_of,
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]),
        "nodes_truenodeids": np.where(leaf, 0, nodes["left"]),
        "nodes_falsenodeids": np.where(leaf, 0, nodes["right"]),
        "nodes_missing_value_tracks_true": np.where(leaf, 0, nodes["missing_go_to_left"]),
        "target_treeids": tree_of[leaf],
        "target_nodeids": number_of[leaf],
        "target_ids": target_of[leaf],
    }
    sums = b.add(
        "TreeEnsembleRegressor",
        x,
        domain="ai.onnx.ml",
        n_targets=model.n_trees_per_iteration_,
        nodes_modes=["LEAF" if each else "BRANCH_LEQ" for each in leaf],
        nodes_values_as_tensor=numpy_helper.from_array(np.where(leaf, 0.0, nodes["num_threshold"]), "values"),
        target_weights_as_tensor=numpy_helper.from_array(nodes["value"][leaf].astype(np.float64), "weights"),
        **{name: values.astype(np.int64).tolist() for name, values in attributes.items()},
    )
    baseline = np.asarray(model._baseline_prediction, np.float64).reshape(1, -1)
    return b.add("Add", b.cast(sums, np.float64), baseline)  # sums are float32
