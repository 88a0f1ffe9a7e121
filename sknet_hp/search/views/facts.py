"""What every searcher's results say, whoever's searcher it is."""

from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import RandomizedSearchCV
from sklearn.model_selection._search_successive_halving import BaseSuccessiveHalving

from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.stock import read_stock_space
from sknet_hp.search.spaces.values import Params

_SPACES = ("param_distributions", "param_grid", "search_spaces")


def check_has_results(search: Any) -> None:
    """Refuse what is no search, is not fitted, or has scored nothing yet."""
    if hasattr(search, "cv_results_"):
        return
    if hasattr(search, "fit"):
        raise NotFittedError(f"this {type(search).__name__} is not fitted yet; call fit first")
    if not hasattr(search, "searcher"):
        raise TypeError(f"a fitted search is needed, or the record of one by read_journal, got {type(search).__name__}")
    raise NotFittedError(f"{search!r} has no results yet; read its journal again when a candidate has been scored")


def find_score_name(search: Any) -> str:
    """Return the name of the score that a search goes by, as in `cv_results_`.

    Parameters
    ----------
    search : fitted search, or the record of one.
    """
    check_has_results(search)
    results, refit = search.cv_results_, getattr(search, "refit", None)
    for name in (getattr(search, "_metric", None), refit, "score"):
        if isinstance(name, str) and f"mean_test_{name}" in results:
            return name
    return next(name.removeprefix("mean_test_") for name in results if name.startswith("mean_test_"))


def used_its_time(search: Any) -> bool:
    """Return whether a search in stages ended with its time, which it shares out.

    No other search of ours knows what it would leave out.
    """
    return getattr(search, "stopped_", None) == "time_budget" and getattr(search, "stages_", None) is not None


def get_scores(search: Any) -> np.ndarray:
    """Return the scores that a search goes by.

    Returns
    -------
    scores : ndarray of shape (n_rows, n_splits)
        A row for each of `cv_results_`; NaN where a fit failed.
    """
    name, results = find_score_name(search), search.cv_results_
    columns = [results[f"split{k}_test_{name}"] for k in range(search.n_splits_)]
    return np.column_stack([np.asarray(column, dtype=float) for column in columns])


def get_mean_scores(search: Any) -> np.ndarray:
    """Return the mean score of each row of `cv_results_`."""
    return np.asarray(search.cv_results_[f"mean_test_{find_score_name(search)}"], dtype=float)


def get_column(search: Any, name: str, default: int = 0) -> np.ndarray:
    """Return a column of whole numbers of `cv_results_`.

    It is filled with `default` where a search has no such thing: candidates of
    scikit-learn's searches are numbered as they stand.
    """
    n_rows = len(search.cv_results_["params"])
    if name in search.cv_results_:
        return np.asarray(search.cv_results_[name]).astype(int)
    return np.arange(n_rows) if name == "candidate" else np.full(n_rows, default)


def list_rows_by_candidate(search: Any) -> dict[int, np.ndarray]:
    """Return the rows of `cv_results_` of each candidate, rung by rung."""
    candidate, iteration = get_column(search, "candidate"), get_column(search, "iter")
    order = np.lexsort((iteration, candidate))
    return {int(number): order[candidate[order] == number] for number in np.unique(candidate)}


def find_failed(search: Any) -> np.ndarray:
    """Return which rows of `cv_results_` have no score, as a fit failed."""
    return np.isnan(get_mean_scores(search))


def find_space(search: Any) -> Space | None:
    """Return the space of a search, None where it has none that can be read."""
    name = next((name for name in _SPACES if getattr(search, name, None)), None)
    of_lists = name == "param_grid" or isinstance(search, (RandomizedSearchCV, BaseSuccessiveHalving))
    return None if name is None else read_stock_space(getattr(search, name), of_lists=of_lists)


def get_own_values(search: Any) -> Params:
    """Return the parameters of the estimator that a search began with, by name."""
    estimator = getattr(search, "estimator", None)
    known: Params = search.own_params_ if estimator is None else estimator.get_params(deep=True)
    return known


def list_candidates(search: Any) -> dict[int, Params]:
    """Return the parameters of each candidate, by its number, without the resource.

    Where a candidate is none of the space, what it leaves as it was is filled in.
    """
    space, own = find_space(search), get_own_values(search)
    params = {
        number: {
            name: value
            for name, value in search.cv_results_["params"][rows[-1]].items()
            if name != getattr(search, "resource_", None)
        }
        for number, rows in list_rows_by_candidate(search).items()
    }
    tried = dict.fromkeys(name for each in params.values() for name in each)
    return {
        number: each
        if space is not None and any(set(each) == set(branch) for branch in space.branches)
        else {name: own[name] for name in tried if name in own} | each
        for number, each in params.items()
    }
