"""Learning curves: means over runs, and between which values they lie."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.report.searches import get_results, rank_candidates, read_rows
from sknet_hp.search.curves import read_curve

MEASURES = {
    "loss": {"training": "train_loss", "validation": "valid_loss"},
    "score": {"validation": "valid_score"},
}
"""By what `curve=` may be: the parts of it that are known, and their columns."""


class CurveFrames(NamedTuple):
    """What a picture of learning curves is drawn from.

    Attributes
    ----------
    frame : DataFrame
        A row for each candidate, part ("training" or "validation") and epoch: `mean`,
        `low` and `high` (the lowest and the highest run), `n` (runs that still
        trained), `rank` (0 is the best candidate) and `score` (of the search).
    lines : DataFrame
        The curve of each run: `candidate`, `run`, `part`, `epoch`, `value`.
    runs : DataFrame
        A row for each candidate and run (a split or a seed): `best_epoch` (NaN without
        validation) and `n_epochs`.
    rungs : list of int
        Epochs at which a search compared its candidates.
    """

    frame: pd.DataFrame
    lines: pd.DataFrame
    runs: pd.DataFrame
    rungs: list[int]


def frame_estimators(estimators: Any, curve: str = "loss") -> CurveFrames:
    """Return the learning curves of estimators that differ by seed or rows alone.

    Parameters
    ----------
    estimators : fitted: one, a pipeline, an ensemble (its members are the runs), or a
        list of them.
    curve : {"loss", "score"}

    Raises
    ------
    NotFittedError
        If one is not fitted.
    ValueError
        If no curves are known.
    """
    given = list(estimators) if isinstance(estimators, (list, tuple)) else [estimators]
    members = [member for estimator in given for member in _list_members(estimator)]
    if not members:
        for each in given:
            if hasattr(each, "fit"):
                check_is_fitted(each)
        names = ", ".join(sorted({type(each).__name__ for each in given})) or "nothing"
        raise ValueError(
            f"there are no learning curves of {names}: fitted networks of sknet_hp, skorch and scikit-learn keep them, "
            f"and so does gradient boosting of scikit-learn"
        )
    parts = [pd.DataFrame({"candidate": 0, "run": run, **read_curve(member)}) for run, member in enumerate(members)]
    frames = summarise_runs(pd.concat(parts, ignore_index=True), curve)
    monitored = [_read_best_epoch(member) for member in members]
    best = [kept or lowest for kept, lowest in zip(monitored, frames.runs["best_epoch"], strict=True)]
    return frames._replace(runs=frames.runs.assign(best_epoch=best))


def frame_evaluation(evaluation: Any, curve: str = "loss") -> CurveFrames:
    """Return the learning curves of the final model of each outer fold.

    Parameters
    ----------
    evaluation : NestedResult, or what scikit-learn's `cross_validate` returns with
        `return_estimator=True`.
    curve : {"loss", "score"}
    """
    if isinstance(evaluation, Mapping):
        models = evaluation.get("estimator")
        if models is None:
            raise ValueError("the result of cross_validate has no estimators: call it with return_estimator=True")
    else:
        models = getattr(evaluation, "estimators", None)
        if models is None:
            raise TypeError(
                f"an evaluation is needed, of nested_cross_validate or cross_validate, got {type(evaluation).__name__}"
            )
    return frame_estimators([model for model in models if model is not None], curve)


def frame_search(search: Any, curve: str = "loss") -> CurveFrames:
    """Return the learning curves of all candidates of a search; splits are the runs.

    Of population-based training the curve of a copy begins with that of its parent.

    Raises
    ------
    ValueError
        If the search kept no curves.
    """
    get_results(search)
    curves = getattr(search, "curves_", None)
    if curves is None:
        raise ValueError(
            f"this {type(search).__name__} kept no learning curves: the searchers of sknet_hp.search keep them, "
            f"GridSearchCV and RandomizedSearchCV there as well; "
            f"LearningCurvesDisplay.from_estimator(search.best_estimator_) shows only those of the chosen model"
        )
    if curves.empty:
        raise ValueError("the curves_ of this search are empty: its estimator keeps no learning curves")
    ranks = {candidate: rank for rank, candidate in enumerate(rank_candidates(search))}
    long = curves.rename(columns={"split": "run"})
    if "parent" in long:
        long = join_parents(long)
    frames = summarise_runs(long, curve)
    scores = read_rows(search).groupby("candidate")["score"].last()
    frame = frames.frame.assign(
        rank=frames.frame["candidate"].map(ranks).fillna(len(ranks)).astype(int),
        score=frames.frame["candidate"].map(scores),
    )
    rungs = sorted(set(long.groupby(["candidate", "run", "iter"])["epoch"].max())) if "iter" in long else []
    frame = frame.sort_values(["rank", "part", "epoch"], ignore_index=True)
    return CurveFrames(frame, frames.lines, frames.runs, _keep_rungs(search, rungs))


def summarise_runs(long: pd.DataFrame, curve: str) -> CurveFrames:
    """Return means and ranges over runs, epoch by epoch.

    Parameters
    ----------
    long : DataFrame
        Of `candidate`, `run`, `epoch`, `train_loss`, `valid_loss`, `valid_score`.
    curve : {"loss", "score"}
    """
    if curve not in MEASURES:
        raise ValueError(f"curve={curve!r} must be one of {list(MEASURES)}")
    known = {part: column for part, column in MEASURES[curve].items() if np.isfinite(long[column]).any()}
    if not known:
        other = "loss" if curve == "score" else "score"
        how = "; networks of ours keep it with early_stopping=True and a stopping_metric" if curve == "score" else ""
        raise ValueError(f'no epoch has a {curve}; curve="{other}" shows what is known{how}')
    parts = []
    for part, column in known.items():
        values = long[["candidate", "run"]].assign(part=part, epoch=long["epoch"], value=long[column])
        parts.append(values[np.isfinite(values["value"])])
    lines = pd.concat(parts, ignore_index=True)
    by_epoch = lines.groupby(["candidate", "part", "epoch"], sort=False)["value"]
    frame = by_epoch.agg(mean="mean", low="min", high="max", n="size").reset_index()
    frame.insert(1, "rank", 0)
    frame.insert(2, "score", np.nan)
    return CurveFrames(frame, lines, _find_best_epochs(long), [])


def end_with_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Return means as long as all runs train: those of the rest alone would jump.

    Parameters
    ----------
    frame : of `CurveFrames`.
    """
    return frame[frame["n"] == frame.groupby(["rank", "part"])["n"].transform("max")]


def join_parents(long: pd.DataFrame) -> pd.DataFrame:
    """Return curves in which each copy has the epochs of those it descends from."""
    parents = long.groupby("candidate")["parent"].first().to_dict()
    begins = long.groupby("candidate")["epoch"].min().to_dict()
    own = dict(iter(long.groupby("candidate")))
    parts = []
    for candidate in own:
        descendant, ancestor = candidate, parents[candidate]
        parts.append(own[candidate])
        while ancestor in own:
            before = own[ancestor]
            parts.append(before[before["epoch"] < begins[descendant]].assign(candidate=candidate))
            descendant, ancestor = ancestor, parents[ancestor]
    return pd.concat(parts).sort_values(["candidate", "run", "epoch"], ignore_index=True)


def _find_best_epochs(long: pd.DataFrame) -> pd.DataFrame:
    """Return of each run the epoch of its lowest validation loss, and its last one."""
    by_run = long.groupby(["candidate", "run"])
    runs = by_run["epoch"].max().rename("n_epochs").reset_index()
    known = long[np.isfinite(long["valid_loss"])]
    lowest = known.loc[known.groupby(["candidate", "run"])["valid_loss"].idxmin(), ["candidate", "run", "epoch"]]
    return runs.merge(lowest.rename(columns={"epoch": "best_epoch"}), on=["candidate", "run"], how="left")


def _read_best_epoch(member: Any) -> float | None:
    """Return the epoch whose weights a network kept, None if nothing was monitored."""
    _, last = find_last_step(member)
    return float(last.best_epoch_) if getattr(last, "early_stopping", False) and hasattr(last, "best_epoch_") else None


def _keep_rungs(search: Any, ends: Iterable[int]) -> list[int]:
    """Return the epochs that are rungs: not where a fit stopped early."""
    asked = {int(n) for n in get_results(search).get("n_resources", ())}
    return sorted(asked & set(ends)) if len(asked) > 1 else []


def _list_members(estimator: Any) -> list[Any]:
    """Return what of an estimator has a learning curve: itself, or its members."""
    estimator = getattr(estimator, "best_estimator_", estimator)  # of a search
    if len(read_curve(estimator)["epoch"]):
        return [estimator]
    members = getattr(estimator, "estimators_", None)
    return [each for member in members for each in _list_members(member)] if isinstance(members, list) else []
