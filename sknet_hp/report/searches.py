"""One way to read any search, be it ours, scikit-learn's or scikit-optimize's."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.search.views.facts import find_score_name
from sknet_hp.search.views.metric import find_metric


def get_results(search: Any) -> dict[str, Any]:
    """Return `cv_results_`.

    Raises
    ------
    TypeError
        If it is no search.
    ValueError
        If it is not fitted.
    """
    results = getattr(search, "cv_results_", None)
    if results is not None and "params" in results:
        return dict(results)
    if results is not None:
        raise TypeError(
            f"a search is needed whose cv_results_ has params, as those of scikit-learn have; that of "
            f"{type(search).__name__} has {sorted(map(str, results))[:5]}…"
        )
    if not hasattr(search, "fit"):
        raise TypeError(
            f"a search is needed, such as sknet_hp.search.HalvingSearchCV or scikit-learn's GridSearchCV, "
            f"got {type(search).__name__}"
        )
    if any(hasattr(search, name) for name in ("param_distributions", "param_grid", "search_spaces", "cv")):
        raise ValueError(f"this {type(search).__name__} is not fitted yet: call `fit` first")
    raise TypeError(
        f"a search is needed, got {type(search).__name__}, which has no cv_results_; pictures of single estimators "
        f"have `from_estimator`"
    )


def find_scoring(search: Any) -> str:
    """Return the metric that a search goes by, as scikit-learn has it.

    It is "score" where nobody knows.
    """
    get_results(search)  # refuses what is no search
    return find_metric(search).name


def read_rows(search: Any) -> pd.DataFrame:
    """Return a row for each row of `cv_results_`, in its order.

    Columns are `candidate`, `bracket`, `rung`, `resource` (NaN where there is none),
    `score` (the mean over the splits of what the search goes by), `std`, `failed`,
    `best` (whether it is the one that was chosen).
    """
    results, metric = get_results(search), find_score_name(search)
    scores = np.asarray(results[f"mean_test_{metric}"], dtype=float)
    n = len(scores)
    rows = pd.DataFrame(
        {
            "candidate": results.get("candidate", _number_candidates(search)),
            "bracket": results.get("bracket", np.zeros(n, dtype=int)),
            "rung": results.get("iter", np.zeros(n, dtype=int)),
            "resource": np.asarray(results.get("n_resources", np.full(n, np.nan)), dtype=float),
            "score": np.where(np.isfinite(scores), scores, np.nan),
            "std": np.asarray(results.get(f"std_test_{metric}", np.full(n, np.nan)), dtype=float),
            "failed": ~np.isfinite(scores),
            "best": False,
        }
    )
    best = getattr(search, "best_index_", None)
    if best is not None:
        rows.loc[best, "best"] = True
    return rows


def _number_candidates(search: Any) -> np.ndarray:
    """Return which candidate each row is of, where `cv_results_` does not say it.

    scikit-learn's halving has a row for each iteration, with the same parameters.
    """
    results = get_results(search)
    if "iter" not in results:
        return np.arange(len(results["params"]))
    resource = getattr(search, "resource", None)
    settings = [repr({k: v for k, v in params.items() if k != resource}) for params in results["params"]]
    numbers = {params: number for number, params in enumerate(dict.fromkeys(settings))}
    return np.array([numbers[params] for params in settings])


def rank_candidates(search: Any) -> list[int]:
    """Return the candidates of a search, the best first.

    Those that reached more of the resource come before those that reached less, as no
    search compares the two; the one that was chosen is the first, those that failed are
    the last.
    """
    rows = read_rows(search)
    last = rows.groupby("candidate").tail(1).fillna({"resource": 0})
    last = last.assign(best=last["candidate"].isin(rows.loc[rows["best"], "candidate"]))
    order = last.sort_values(
        ["failed", "best", "resource", "score", "candidate"], ascending=[True, False, False, False, True]
    )
    return [int(number) for number in order["candidate"]]


def name_resource(search: Any) -> str:
    """Return what candidates were given more and more of, in words."""
    name = str(getattr(search, "resource_", getattr(search, "resource", "resource")))
    last = name.rsplit("__", 1)[-1]
    return {"max_epochs": "epochs", "n_samples": "rows", "auto": "resource"}.get(last, last)
