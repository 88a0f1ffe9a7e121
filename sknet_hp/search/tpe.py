"""The tree-structured Parzen estimator (Bergstra et al. 2011), as Optuna has it."""

try:
    from optuna.samplers import TPESampler
except ImportError as error:
    raise ImportError("TPESearchCV needs Optuna: pip install 'sknet_hp[bayes]'") from error

from sknet_hp.search.axes import Axes
from sknet_hp.search.model_based import ModelBasedSearcher
from sknet_hp.search.optuna_study import Study
from sknet_hp.search.space import Space


class TPESearchCV(ModelBasedSearcher):
    """The tree-structured Parzen estimator, batch by batch.

    Optuna's `TPESampler` with all its defaults: ten candidates at random, then of 24 drawn near the good ones that which is likeliest to be among
    them; candidates that are being trained are taken to be bad, so that a batch spreads. For alternatives (a list of dicts), each group of
    parameters that occur together has an estimator of its own (`group=True`).

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
    Bergstra, Bardenet, Bengio, Kégl (2011), Algorithms for Hyper-Parameter Optimization. Watanabe (2023), Tree-structured Parzen estimator.
    """

    def _model(self, space: Space, seed: int) -> Study:
        return Study(Axes(space), lambda _: TPESampler(seed=seed, group=len(space.branches) > 1))
