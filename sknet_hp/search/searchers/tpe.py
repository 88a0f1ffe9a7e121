"""The tree-structured Parzen estimator (Bergstra et al. 2011), as Optuna has it."""

try:
    from optuna.samplers import TPESampler
except ImportError as error:
    raise ImportError("TPESearchCV needs Optuna: pip install 'sknet_hp[bayes]'") from error

from sknet_hp.search.proposals.optuna_study import OptunaModel
from sknet_hp.search.searchers.model_based import ModelBasedSearcher, document_model_based
from sknet_hp.search.spaces.axes import Axes
from sknet_hp.search.spaces.space import Space


@document_model_based
class TPESearchCV(ModelBasedSearcher):
    """Search by the tree-structured Parzen estimator, in batches.

    This is Optuna's `TPESampler` with its defaults. The first ten candidates are
    random. After that, 24 points are drawn near the good candidates, and the one that
    is most likely to be good is proposed. Candidates in training count as bad, so that
    the proposals of a batch differ. If the space is a list of dicts, each group of
    parameters that occur together has a separate estimator (`group=True`).

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl, "Algorithms for hyper-parameter
    optimization", NIPS 2011. S. Watanabe, "Tree-structured Parzen estimator", 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import TPESearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = TPESearchCV(net, space, n_candidates=12, n_points=4, random_state=0)
    >>> search = search.fit(X, y)
    >>> search.n_candidates_
    12
    """

    def _make_model(self, space: Space, seed: int) -> OptunaModel:
        return OptunaModel(Axes(space), lambda _: TPESampler(seed=seed, group=len(space.branches) > 1))
