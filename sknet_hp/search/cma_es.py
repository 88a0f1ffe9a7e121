"""The covariance matrix adaptation evolution strategy (Hansen 2016), as the package cmaes and Optuna have it."""

from math import floor, log
from typing import Any

try:
    import cmaes  # noqa: F401 (Optuna asks for it when it proposes, which is late)
    from optuna.distributions import BaseDistribution
    from optuna.samplers import CmaEsSampler, TPESampler
    from optuna.trial import FrozenTrial, create_trial
except ImportError as error:
    raise ImportError("CmaEsSearchCV needs Optuna and cmaes: pip install 'sknet_hp[bayes]'") from error

from sknet_hp.search.axes import Axes
from sknet_hp.search.model_based import ModelBasedSearcher
from sknet_hp.search.optuna_study import Study, distribution_of
from sknet_hp.search.space import Space

_TOP = 10
"""The warm start goes by the best tenth, rounded down, so it takes ten to have one (`cmaes.get_warm_start_mgd`)."""


class _Sampler(CmaEsSampler):
    """Optuna's, told which numbers there are; by itself it learns that from finished trials, for which a batch would be spent at random."""

    def __init__(self, numbers: dict[str, BaseDistribution], **settings: Any):
        super().__init__(**settings)
        self._numbers = numbers

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        return dict(self._numbers)


def sampler(axes: Axes, n_points: int, seed: int, before: list[FrozenTrial]) -> CmaEsSampler:
    """CMA-ES for the numbers that all branches have, with TPE for the rest.

    Parameters
    ----------
    axes : with numbers in their order.
    n_points : of a batch. A generation is not smaller, for what is beyond it would teach nothing.
    seed : for all that is drawn.
    before : what is known already; the search begins where the best of it is (Nomura et al. 2021).
    """
    numbers = {axis.label: distribution_of(axis) for axis in axes.shared() if axis.n_categories is None}
    source = [
        create_trial(params={label: trial.params[label] for label in numbers}, distributions=dict(numbers), value=trial.value) for trial in before
    ]
    return _Sampler(
        numbers,
        n_startup_trials=0,
        popsize=max(n_points, 4 + floor(3 * log(max(1, len(numbers))))),  # the second is the usual one (Hansen 2016, eq. 48)
        with_margin=any(axis.integer for axis in axes.shared()),  # else whole numbers get stuck (Hamano et al. 2022)
        source_trials=(source if len(source) >= _TOP else source * _TOP) or None,
        independent_sampler=TPESampler(seed=seed, multivariate=False),
        warn_independent_sampling=False,
        seed=seed,
    )


class CmaEsSearchCV(ModelBasedSearcher):
    """The evolution strategy CMA-ES, batch by batch.

    A normal distribution over the numbers moves towards the better half of each generation and takes its shape; a generation is a batch, if
    `n_points` is not below the usual 4 + 3 ln(dimensions). It knows numbers only: choices that are numbers are counted in their order; other
    choices, and what only some alternatives (of a list of dicts) have, are proposed by TPE. Initial candidates are where it begins.

    Parameters
    ----------
    estimator : estimator
        Ours; any with a parameter to go on from (`warm_start` beside it); or, with `resource="n_samples"`, any.
    param_distributions : dict or list of dict
        Names of parameters to lists of choices, distributions of SciPy or Optuna, dimensions of scikit-optimize, or tuples such as
        `(1e-4, 1e-1, "log-uniform")`. Several dicts are alternatives.
    n_candidates : int, default=32
        How many are trained, `initial_candidates` among them; fewer where the space has no more. None is trained twice: where a proposal is known
        already, the model is told its score again and asked for another, at last one is drawn at random. Without meaning if `multi_fidelity`.
    n_points : int, default=8
        How many are proposed, and trained, together.
    multi_fidelity : bool, default=False
        Train not every candidate up to `max_resources`, but let the proposals fill Hyperband's brackets, one after the other; the model learns from
        the scores at the highest resource that has ten of them.

    References
    ----------
    Hansen (2016), The CMA Evolution Strategy: A Tutorial. Hamano, Saito, Nomura, Shirakawa (2022), CMA-ES with Margin. Nomura, Watanabe, Akimoto,
    Ozaki, Onishi (2021), Warm Starting CMA-ES for Hyperparameter Optimization.
    """

    def _model(self, space: Space, seed: int) -> Study:
        axes = Axes(space, ordered=True)
        return Study(axes, lambda before: sampler(axes, self.n_points, seed, before))
