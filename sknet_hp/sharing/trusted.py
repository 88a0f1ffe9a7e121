"""What skops may build when it loads one of our models.

skops asks for the name of every type that is not one of scikit-learn's estimators or
NumPy's arrays.
"""

import sknet_hp.search
from sknet_hp.estimators.persistence.classes import CLASS_PATHS
from sknet_hp.estimators.persistence.skops_bytes import list_trusted_parts

_LEFT_BY_SEARCHES = (
    "sknet_hp.findings.finding.Finding",
    "sknet_hp.findings.finding.Findings",
    "sknet_hp.search.curves.CurveTable",
    "sknet_hp.tuning.guided.reports.StageReport",
    "sknet_hp.tuning.guided.reports.Stages",
    "sknet_hp.tuning.guided.searcher.GuidedSearchCV",
    "scipy.optimize._optimize.OptimizeResult",
)
_LEFT_BY_WRAPPERS = ("sklearn.utils._bunch.Bunch",)
"""A dict, in which stacking and voting keep their members by name."""

_DISTRIBUTIONS = (
    "scipy.stats._continuous_distns.reciprocal_gen",
    "scipy.stats._continuous_distns.uniform_gen",
    "scipy.stats._discrete_distns.randint_gen",
    "scipy.stats._distn_infrastructure.rv_continuous_frozen",
    "scipy.stats._distn_infrastructure.rv_discrete_frozen",
)
_OF_SKOPT = (
    "skopt.learning.gaussian_process.gpr.GaussianProcessRegressor",
    *(f"skopt.learning.gaussian_process.kernels.{name}" for name in ("ConstantKernel", "Matern", "Product")),
    "skopt.optimizer.optimizer.Optimizer",
    *(f"skopt.space.space.{name}" for name in ("Integer", "Real", "Space")),
    *(f"skopt.space.transformers.{name}" for name in ("Identity", "LogN", "Normalize", "Pipeline", "ToInteger")),
)
"""What `BayesSearchCV` keeps of scikit-optimize, if it has searched numbers alone."""


def list_trusted_types() -> list[str]:
    """Return the names of all types in networks and searches, and around them.

    They are types of this package, and those it keeps from scikit-learn, SciPy and
    scikit-optimize. None of them runs code from a file. Give the list to skops, or to
    MLflow's ``skops_trusted_types``.

    Returns
    -------
    names : list of str
        For ``skops.io.load(path, trusted=names)``. If a pipeline holds other types, add
        them; ``skops.io.get_untrusted_types`` names them.

    Examples
    --------
    >>> import skops.io
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.sharing import list_trusted_types
    >>> X, y = load_iris(return_X_y=True)
    >>> content = skops.io.dumps(NetClassifier(max_epochs=3).fit(X, y))
    >>> skops.io.loads(content, trusted=list_trusted_types()).predict(X).shape
    (150,)
    """
    searchers = []
    for name in sknet_hp.search.__all__:
        try:
            searcher = getattr(sknet_hp.search, name)
        except ImportError:  # without its extra there is nothing to load it with either
            continue
        if name.endswith("SearchCV"):
            searchers.append(f"{searcher.__module__}.{searcher.__qualname__}")
    return sorted(
        {
            *CLASS_PATHS.values(),
            *list_trusted_parts(),
            *searchers,
            *_LEFT_BY_SEARCHES,
            *_LEFT_BY_WRAPPERS,
            *_DISTRIBUTIONS,
            *_OF_SKOPT,
        }
    )
