"""Hyperband (Li et al. 2018)."""

from itertools import islice

from sklearn.utils import check_random_state

from sknet_hp.search.arithmetic.brackets import plan_hyperband, widen_first_bracket
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.initial import list_initial
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.candidates import Step, rank
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.space import Space


@document_searcher(
    patience=(
        "int or None",
        "End the search when in this many rungs in a row, no candidate was better than all in the rungs before: more "
        "resources do not help. Rungs of different brackets with the same resource count as one.",
    ),
)
class HyperbandSearchCV(BaseSearcher):
    """Search by Hyperband: successive halving in several brackets.

    The first bracket has many candidates that begin with few epochs; the last has few
    candidates that train for all epochs at once. It is not known beforehand after how
    many epochs scores can be trusted; each bracket is a different guess. Rungs of
    different brackets with the same resource are trained together.

    With R the maximum resource, r the minimum, η the factor and s_max = ⌊log_η(R / r)⌋,
    there is a bracket for each s from s_max down to 0. It has
    n = ⌈(s_max + 1) / (s + 1) · η^s⌉ candidates, of which ⌊n / η^i⌋ reach ⌊R / η^(s −
    i)⌋. R = 81, r = 1 and η = 3 give 143 candidates and 1,581 epochs for each split;
    with `min_resources="auto"`, r is 3, and there are 49 candidates. If a space of
    choices has fewer settings than that, the first brackets get them.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar, "Hyperband: a novel
    bandit-based approach to hyperparameter optimization", JMLR 18, 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import HyperbandSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = HyperbandSearchCV(net, space, random_state=0).fit(X, y)
    >>> search.n_candidates_
    17
    """

    _waits_for_rungs = True

    def _search(self, run: Run, space: Space) -> None:
        R, r, n_initial = run.resource.most, run.resource.least, len(list_initial(self, space))
        brackets = self._settle_brackets(run, widen_first_bracket(plan_hyperband(R, r, self.factor), n_initial))
        n = sum(rungs[0].n_candidates for rungs in brackets)
        settings = iter(self._draw_settings(space, n, check_random_state(self.random_state)))
        alive = [
            [run.propose(params, s) for params in islice(settings, rungs[0].n_candidates)]
            for s, rungs in enumerate(brackets)
        ]
        # From the least resource to the most: what goes on to the same resource is trained at the same time,
        # whichever bracket it is of.
        for n_resources in sorted({rung.n_resources for rungs in brackets for rung in rungs}):
            steps: list[Step] = []
            for s, rungs in enumerate(brackets):
                for i, rung in enumerate(rungs):
                    if rung.n_resources == n_resources:
                        survivors = rank(alive[s])[: rung.n_candidates] if i else alive[s]
                        run.forget(candidate for candidate in alive[s] if candidate not in survivors)
                        alive[s] = survivors
                        steps += [Step(candidate, n_resources, i) for candidate in survivors]
            run.train(steps)
