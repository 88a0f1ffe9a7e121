"""The covariance matrix adaptation evolution strategy (Hansen 2016).

It is that of Optuna and the package cmaes.
"""

from math import floor, log
from typing import Any

try:
    import cmaes  # noqa: F401 (Optuna asks for it when it proposes, which is late)
    from optuna.distributions import BaseDistribution
    from optuna.samplers import CmaEsSampler, TPESampler
    from optuna.trial import FrozenTrial, create_trial
except ImportError as error:
    raise ImportError("CmaEsSearchCV needs Optuna and cmaes: pip install 'sknet_hp[bayes]'") from error

from sknet_hp.search.proposals.optuna_study import OptunaModel, make_distribution
from sknet_hp.search.searchers.model_based import ModelBasedSearcher, document_model_based
from sknet_hp.search.spaces.axes import Axes
from sknet_hp.search.spaces.space import Space

_TOP = 10
"""The least number of trials for a warm start, which goes by the best tenth of them.

See `cmaes.get_warm_start_mgd`.
"""


class _SamplerOfNumbers(CmaEsSampler):
    """Optuna's sampler, told which numbers there are.

    By itself it learns that from finished trials, for which a batch would be spent at
    random.
    """

    def __init__(self, numbers: dict[str, BaseDistribution], **settings: Any):
        super().__init__(**settings)
        self._numbers = numbers

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        return dict(self._numbers)


def make_sampler(axes: Axes, n_points: int, seed: int, before: list[FrozenTrial]) -> CmaEsSampler:
    """Return CMA-ES for the numbers that all branches have, with TPE for the rest.

    Parameters
    ----------
    axes : with numbers in their order.
    n_points : of a batch. A generation is not smaller, for what is beyond it would
        teach nothing.
    seed : for all that is drawn.
    before : what is known already; the search begins where the best of it is (Nomura et
        al. 2021).
    """
    numbers = {axis.label: make_distribution(axis) for axis in axes.list_shared() if axis.n_categories is None}
    source = [
        create_trial(
            params={label: trial.params[label] for label in numbers}, distributions=dict(numbers), value=trial.value
        )
        for trial in before
    ]
    return _SamplerOfNumbers(
        numbers,
        n_startup_trials=0,
        # The second is the usual size (Hansen 2016, eq. 48).
        popsize=max(n_points, 4 + floor(3 * log(max(1, len(numbers))))),
        # Without a margin, whole numbers get stuck (Hamano et al. 2022).
        with_margin=any(axis.integer for axis in axes.list_shared()),
        source_trials=(source if len(source) >= _TOP else source * _TOP) or None,
        independent_sampler=TPESampler(seed=seed, multivariate=False),
        warn_independent_sampling=False,
        seed=seed,
    )


@document_model_based
class CmaEsSearchCV(ModelBasedSearcher):
    """Search by the evolution strategy CMA-ES, in batches.

    A normal distribution over the numbers moves towards the better half of each
    generation and takes on its shape. A generation is a batch, unless `n_points` is
    below the usual 4 + 3 ln(dimensions). CMA-ES handles only numbers; choices that are
    numbers are taken in their order. TPE proposes other choices, and parameters that
    only some dicts of a list have. The search begins at the initial candidates.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    N. Hansen, "The CMA evolution strategy: a tutorial", 2016. R. Hamano, S. Saito, M.
    Nomura, S. Shirakawa, "CMA-ES with margin", 2022. M. Nomura, S. Watanabe, Y.
    Akimoto, Y. Ozaki, M. Onishi, "Warm starting CMA-ES for hyperparameter
    optimization", 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import CmaEsSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = CmaEsSearchCV(net, space, n_candidates=12, n_points=4, random_state=0)
    >>> search = search.fit(X, y)
    >>> search.n_candidates_
    12
    """

    def _make_model(self, space: Space, seed: int) -> OptunaModel:
        axes = Axes(space, ordered=True)
        return OptunaModel(axes, lambda before: make_sampler(axes, self.n_points, seed, before))
