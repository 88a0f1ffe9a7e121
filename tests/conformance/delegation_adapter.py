"""A pytest plugin: the linear models at the bottom of scikit-learn's tests of
meta-estimators give way to networks of ours.
"""

from sklearn.base import is_regressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sknet_hp import NetClassifier, NetRegressor

QUICK = {"width": 4, "max_epochs": 1, "num_embedding": "none", "early_stopping": False, "random_state": 0}


def dense(X):
    return X.toarray()


def network(linear):
    """In the place of a linear model: its input is the sparse matrix of a text
    vectoriser.
    """
    return make_pipeline(
        FunctionTransformer(dense, accept_sparse=True),
        (NetRegressor if is_regressor(linear) else NetClassifier)(**QUICK),
    )


def exchanged(meta):
    """How many linear models have been replaced."""
    found = {
        path: network(part) for path, part in meta.get_params().items() if isinstance(part, (LogisticRegression, Ridge))
    }
    meta.set_params(**found)
    for name in ("param_grid", "param_distributions"):
        if hasattr(meta, name):
            (path,) = found
            last = meta.get_params()[path].steps[-1][0]
            meta.set_params(**{name: {f"{path.removeprefix('estimator__')}__{last}__lr": [1e-3, 1e-2]}})
    return len(found)


def pytest_collection_modifyitems(config, items):
    """Only the tests in which something could be replaced are of interest."""
    ours = [item for item in items if hasattr(item, "callspec") and exchanged(item.callspec.params["estimator"])]
    config.hook.pytest_deselected(items=[item for item in items if item not in ours])
    items[:] = ours
