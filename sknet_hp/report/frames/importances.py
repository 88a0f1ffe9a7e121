"""Which hyperparameters decided the score, by Optuna's evaluators."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sknet_hp.report.comparable import choose_comparable, count_comparable
from sknet_hp.report.parameters import read_axes
from sknet_hp.report.searches import read_rows
from sknet_hp.search.views.facts import list_candidates
from sknet_hp.system.extras import require_extra
from sknet_hp.tracking.distributions import list_distributions, simplify

LEAST_CANDIDATES = 20
"""Scored after the same resource. Of fewer, the best quarter is less than five, of
which no density can be estimated.
"""

LEAST_AT_TOP = 5
"""Candidates among the best, which PED-ANOVA compares with all: what Optuna advises."""

TOP_SHARE = 0.1
"""The best, where they are at least `LEAST_AT_TOP`: Optuna's default."""

LEFT_OUT = 0.2
"""The share of candidates that is left out at a time."""

METHODS = {"ped-anova": 50, "fanova": 0}
"""By name, how often candidates are left out, and scores are shuffled, by default.
fANOVA fits a forest each time, which takes a second.
"""

BY_LUCK = 0.95
"""The share of shuffles that stay below `luck`."""

Measure = Callable[[np.ndarray], dict[str, float]]
"""From scores of all candidates (NaN: left out) to importances by parameter."""


class Importances(NamedTuple):
    """Importances, and what they are from.

    Attributes
    ----------
    frame : DataFrame
        A row for each hyperparameter, the most important first: `parameter`; `label`,
        the same, without steps of a pipeline where it is clear; `share`, of all
        importances; `sd`, its standard error; `luck`, which only one of twenty
        shuffles of the scores exceeds.
    method : {"ped-anova", "fanova"}
    n_candidates : how many were compared.
    resource : after how much of it; NaN where there is none.
    top : the share of candidates that counts as the best (PED-ANOVA).
    """

    frame: pd.DataFrame
    method: str
    n_candidates: int
    resource: float
    top: float


def measure_importances(
    search: Any, method: str = "ped-anova", n_resamples: int | None = None, random_state: int = 0
) -> Importances:
    """Return how much each hyperparameter decided.

    Scores after different numbers of epochs cannot be compared. So all are taken after
    the same: the most that at least 20 candidates have reached.

    Parameters
    ----------
    search : fitted search, or the record of one.
    method : {"ped-anova", "fanova"}, default="ped-anova"
        "ped-anova": what sets the best tenth of candidates apart from the rest
        (Watanabe, Bansal and Hutter, 2023). "fanova": the share of the variance of
        scores, over the whole space, that each explains by itself (Hutter, Hoos and
        Leyton-Brown, 2014); parameters that some candidates do not have are left out.
    n_resamples : int, default=None
        How often candidates are left out, for `sd`, and scores are shuffled, for
        `luck`; 0 leaves both out. None is 50 of PED-ANOVA, and 0 of fANOVA.
    random_state : int, default=0
        Of these, and of fANOVA's forest.

    Raises
    ------
    ImportError
        If Optuna is not installed.
    ValueError
        If there are too few candidates to compare, or the method is unknown.
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r} must be one of {list(METHODS)}")
    n_resamples = METHODS[method] if n_resamples is None else n_resamples
    rows, resource = _choose_rows(search)
    scores = rows["score"].to_numpy()
    top = max(TOP_SHARE, LEAST_AT_TOP / len(scores))
    measure = _make_measure(search, rows["candidate"].tolist(), method, top, random_state)
    labels = {axis.name: axis.label for axis in read_axes(search)}
    raw = pd.Series(measure(scores)).reindex(list(labels)).dropna()
    total = raw.sum() or 1.0
    frame = pd.DataFrame(
        {
            "parameter": raw.index,
            "label": raw.index.map(labels),
            "share": raw.to_numpy() / total,
            "sd": np.nan,
            "luck": np.nan,
        }
    )
    if n_resamples:
        rng = np.random.default_rng(random_state)
        frame["sd"] = _jackknife(measure, scores, raw.index, n_resamples, rng)
        shuffled = [pd.Series(measure(rng.permutation(scores))) for _ in range(n_resamples)]
        frame["luck"] = pd.DataFrame(shuffled)[raw.index].quantile(BY_LUCK).to_numpy() / total
    frame = frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    return Importances(frame, method, len(scores), resource, top)


def _choose_rows(search: Any) -> tuple[pd.DataFrame, float]:
    """Return the scores of candidates that were trained equally far, and how far."""
    rows = read_rows(search)
    chosen, resource = choose_comparable(rows, LEAST_CANDIDATES)
    if chosen.empty:
        counts = count_comparable(rows)
        most, at = (int(counts.max()), counts.idxmax()) if len(counts) else (0, 0.0)
        after = f" after the same resource ({at:g})" if at else ""
        raise ValueError(
            f"importances need the scores of at least {LEAST_CANDIDATES} candidates, all trained equally far; this "
            f"search has {most}{after}. Search more candidates, or use LandscapeDisplay, which needs fewer"
        )
    return chosen, resource


def _make_measure(search: Any, candidates: list[int], method: str, top: float, seed: int) -> Measure:
    """Return Optuna's evaluator as a function of the candidates' scores alone."""
    with require_extra("bayes", "ImportancesDisplay", "Optuna"):
        import optuna
    from sknet_hp.search.proposals.optuna_study import silence_optuna

    known = list_candidates(search)
    params = [known[number] for number in candidates]
    distributions = list_distributions(search, params)
    with silence_optuna():
        study = optuna.create_study(direction="minimize")
        study.add_trials(
            [
                optuna.trial.create_trial(
                    params={name: simplify(value) for name, value in each.items()},
                    distributions={name: distributions[name] for name in each},
                    value=0.0,
                )
                for each in params
            ]
        )
    evaluator: Any = (
        optuna.importance.PedAnovaImportanceEvaluator(target_quantile=top)
        if method == "ped-anova"
        else optuna.importance.FanovaImportanceEvaluator(seed=seed)
    )

    def measure(scores: np.ndarray) -> dict[str, float]:
        with silence_optuna(), warnings.catch_warnings():
            # That low targets are the good ones, as they are here, and that regimes are small.
            warnings.simplefilter("ignore", UserWarning)
            return dict(
                optuna.importance.get_param_importances(
                    study, evaluator=evaluator, target=lambda trial: -float(scores[trial.number]), normalize=False
                )
            )

    return measure


def _jackknife(
    measure: Measure, scores: np.ndarray, names: pd.Index, n_resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return standard errors of shares (jackknife; Shao and Wu, 1989)."""
    n_left_out = max(1, round(LEFT_OUT * len(scores)))
    shares = []
    for _ in range(n_resamples):
        kept = scores.copy()
        kept[rng.choice(len(scores), n_left_out, replace=False)] = np.nan
        found = pd.Series(measure(kept)).reindex(names).fillna(0.0)
        shares.append(found / (found.sum() or 1.0))
    factor = np.sqrt((len(scores) - n_left_out) / n_left_out)
    return np.asarray(factor * pd.DataFrame(shares).std(ddof=0))
