"""How candidates may be chosen: each searcher, by its name on the command line."""

from dataclasses import dataclass
from typing import Any, Literal

from sknet_hp import search as searchers
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.tuning.candidates import list_grid, make_grid
from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.formatting.words import capitalise

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

GUIDED: Literal["guided"] = "guided"

WITH_PILOT = ("random", "grid")
"""Those that know no time: a pilot measures how many candidates fit in."""

OWN_NUMBER = ("hyperband", "bohb", GUIDED)
"""Those that say by themselves how many candidates there are."""

_NUMBERS = {"random": "n_iter", "pbt": "population_size"}
"""What the number of candidates is called, where it is not `n_candidates`."""

_CHANGED_ON_THE_WAY = ("width", "n_layers")
"""What a network that is half trained cannot change, as PBT asks of it."""


WITHOUT_ENSEMBLE = ("random", "grid", "pbt")
"""Those that fit the best candidate alone: they keep no predictions of the others, or
the best has a schedule and no setting.
"""


LONG_BEFORE = 0.5
"""Of its time, a search that took less has ended long before it."""


@dataclass(frozen=True)
class Plan:
    """What a searcher is given, whichever it is.

    Attributes
    ----------
    space : distributions by name of parameter.
    candidates : how many, None for as many as the searcher takes by itself.
    cv : splitter of the inner folds.
    time_budget : seconds, None for as many as it takes.
    is_given : whether the space is the user's own, of which nothing is left out.
    ensemble : whether several candidates are averaged; None for the searcher's usual.
    """

    space: dict[str, Any]
    candidates: int | None
    cv: Any
    scoring: Any
    seed: int
    time_budget: float | None = None
    is_given: bool = False
    ensemble: bool | None = None


def write_unused_time(
    method: str, seconds: float, budget: float | None, *, candidates: int | None, is_given: bool
) -> str:
    """Return what is said of a search that ended long before its time, or "".

    Parameters
    ----------
    method : of `SEARCHERS`.
    seconds : which it took.
    budget : seconds that it was given; None for as many as it takes.
    candidates : as they were asked for.
    is_given : whether the space is the user's own.
    """
    if budget is None or seconds > LONG_BEFORE * budget:
        return ""
    more = []
    if method not in OWN_NUMBER and not (method == "grid" and is_given):
        more.append(f"more candidates (--candidates, now {DEFAULT_CANDIDATES if candidates is None else candidates})")
    if method != GUIDED and candidates is None and not is_given:
        more.append("--search guided")
    rest = f" {capitalise(' or '.join(more))} would use the time." if more else ""
    return f"The search ended by itself after {format_seconds(seconds)} of {format_seconds(budget)}.{rest}"


def check_method(
    method: str, *, candidates: int | None = None, is_given: bool = False, ensemble: bool | None = None
) -> None:
    """Check that a method can use what it is told.

    Raises
    ------
    BadInput
        If it takes no number of candidates, no space, or can average no candidates.
    """
    if candidates is not None and method in OWN_NUMBER:
        raise BadInput(
            f"--candidates {candidates} has no effect with --search {method}, which chooses the number "
            f"itself: leave --candidates out, or say --search halving"
        )
    if is_given and method == GUIDED:
        raise BadInput(
            "--space has no effect with --search guided, which chooses what it tries: leave --space out, or say "
            "--search halving"
        )
    if ensemble and method in WITHOUT_ENSEMBLE:
        raise BadInput(
            f"--ensemble can't be used with --search {method}, which fits one setting: leave --ensemble out, or say "
            f"--search halving"
        )


def make_searcher(method: str, estimator: Any, plan: Plan) -> Any:
    """Return the searcher of a method, not fitted.

    Raises
    ------
    BadInput
        If the method can't use what it is told, or its packages are not installed.
    """
    check_method(method, candidates=plan.candidates, is_given=plan.is_given, ensemble=plan.ensemble)
    shared: dict[str, Any] = {"cv": plan.cv, "scoring": plan.scoring}
    if plan.ensemble is not None and method not in WITHOUT_ENSEMBLE:
        shared["refit"] = "ensemble" if plan.ensemble else True
    if method == GUIDED:
        from sknet_hp.tuning import GuidedSearchCV

        guided = GuidedSearchCV(estimator, random_state=plan.seed, **shared)
        return guided if plan.time_budget is None else guided.set_params(time_budget=plan.time_budget)
    try:
        kind = getattr(searchers, SEARCHERS[method])
    except ImportError as error:
        raise BadInput(f"--search {method} can't be used: {error}") from error
    candidates = DEFAULT_CANDIDATES if plan.candidates is None else plan.candidates
    if method == "grid":
        return kind(estimator, list_grid(plan.space) if plan.is_given else make_grid(candidates), **shared)
    if method not in WITH_PILOT:
        shared["time_budget"] = plan.time_budget
    if method not in OWN_NUMBER:
        shared[_NUMBERS.get(method, "n_candidates")] = candidates
    space = plan.space if plan.is_given or method != "pbt" else _leave_out_shapes(plan.space)
    return kind(estimator, space, random_state=plan.seed, **shared)


def _leave_out_shapes(space: dict[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in space.items() if name not in _CHANGED_ON_THE_WAY}
