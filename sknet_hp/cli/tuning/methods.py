"""How candidates may be chosen: each searcher, by its name on the command line."""

from dataclasses import dataclass
from typing import Any

from sknet_hp import search as searchers
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.tuning.candidates import make_grid

DEFAULT_CANDIDATES = 20

SEARCHERS = {
    "random": "RandomizedSearchCV",
    "grid": "GridSearchCV",
    "halving": "HalvingSearchCV",
    "hyperband": "HyperbandSearchCV",
    "asha": "ASHASearchCV",
    "bohb": "BOHBSearchCV",
    "tpe": "TPESearchCV",
    "gp": "GPSearchCV",
    "cma-es": "CmaEsSearchCV",
    "pbt": "PBTSearchCV",
    "guided": "GuidedSearchCV",
}
"""Of `sknet_hp.search` and `sknet_hp.tuning`, by their names on the command line."""

GUIDED = "guided"

WITH_PILOT = ("random", "grid")
"""Those that know no time: a pilot measures how many candidates fit in."""

OWN_NUMBER = ("hyperband", "bohb", GUIDED)
"""Those that say by themselves how many candidates there are."""

_NUMBERS = {"random": "n_iter", "pbt": "population_size"}
"""What the number of candidates is called, where it is not `n_candidates`."""

_CHANGED_ON_THE_WAY = ("width", "n_layers")
"""What a network that is half trained cannot change, as PBT asks of it."""


@dataclass(frozen=True)
class Plan:
    """What a searcher is given, whichever it is.

    Attributes
    ----------
    space : distributions by name of parameter.
    candidates : how many, None for as many as the searcher takes by itself.
    cv : splitter of the inner folds.
    time_budget : seconds, None for as many as it takes.
    """

    space: dict[str, Any]
    candidates: int | None
    cv: Any
    scoring: str
    seed: int
    time_budget: float | None = None


def make_searcher(method: str, estimator: Any, plan: Plan) -> Any:
    """Return the searcher of a method, not fitted.

    Raises
    ------
    BadInput
        If the method takes no number of candidates and one is given, or its packages
        are not installed.
    """
    if plan.candidates is not None and method in OWN_NUMBER:
        raise BadInput(
            f"--candidates {plan.candidates} means nothing to --search {method}, which says by itself how many there "
            f"are: leave --candidates out, or say --search halving"
        )
    if method == GUIDED:
        from sknet_hp.tuning import GuidedSearchCV

        guided = GuidedSearchCV(estimator, cv=plan.cv, scoring=plan.scoring, random_state=plan.seed)
        return guided if plan.time_budget is None else guided.set_params(time_budget=plan.time_budget)
    try:
        kind = getattr(searchers, SEARCHERS[method])
    except ImportError as error:
        raise BadInput(f"--search {method} can't be used: {error}") from error
    shared: dict[str, Any] = {"cv": plan.cv, "scoring": plan.scoring}
    candidates = DEFAULT_CANDIDATES if plan.candidates is None else plan.candidates
    if method == "grid":
        return kind(estimator, make_grid(candidates), **shared)
    if method not in WITH_PILOT:
        shared["time_budget"] = plan.time_budget
    if method not in OWN_NUMBER:
        shared[_NUMBERS.get(method, "n_candidates")] = candidates
    return kind(estimator, _choose_space(method, plan.space), random_state=plan.seed, **shared)


def _choose_space(method: str, space: dict[str, Any]) -> dict[str, Any]:
    if method != "pbt":
        return space
    return {name: values for name, values in space.items() if name not in _CHANGED_ON_THE_WAY}
