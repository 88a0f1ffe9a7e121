"""A search as a study of Optuna, which its dashboard and its pictures read."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from sknet_hp.search.views.facts import (
    find_failed,
    find_score_name,
    get_column,
    get_mean_scores,
    get_scores,
    list_candidates,
    list_rows_by_candidate,
)
from sknet_hp.tracking.distributions import list_distributions, simplify

if TYPE_CHECKING:
    import optuna


def to_optuna(search: Any, study_name: str | None = None, storage: Any = None) -> "optuna.Study":
    """Return a search as a study of Optuna.

    Each candidate is a trial. Its value is its mean score over the splits, which is
    maximised; errors of scikit-learn have a minus sign.

    Parameters
    ----------
    search : fitted search, or record of one
        Any search of `sknet_hp.search` or `sknet_hp.tuning`, or what `read_journal`
        returns.
    study_name : str, default=None
        None is the searcher's name, such as "HyperbandSearchCV".
    storage : str or Optuna storage, default=None
        Where the study is written, such as "sqlite:///studies.db": optuna-dashboard
        shows it there. None keeps it in memory.

    Returns
    -------
    study : optuna.Study
        Trials are complete, pruned (dropped on the way), failed, or running. Their
        intermediate values are mean scores by rung; where candidates have but one
        rung, validation scores by epoch, if they are known. Attributes of the user are
        `candidate`, `bracket`, `parent` (-1 if none), `n_resources`, `split_scores`,
        `fit_seconds` (all rungs and splits together) and `best`.

    Raises
    ------
    ImportError
        If Optuna is not installed.
    ValueError
        If the storage has a study of that name.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import HalvingSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = HalvingSearchCV(net, space, random_state=0).fit(X, y)
    >>> study = to_optuna(search)
    >>> study.best_value == search.best_score_
    True
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError("to_optuna needs Optuna: pip install 'sknet_hp[bayes]'") from error
    from sknet_hp.search.proposals.optuna_study import silence_optuna

    metric, name = find_score_name(search), study_name or _name_searcher(search)
    with silence_optuna():
        try:
            study = optuna.create_study(study_name=name, storage=storage, direction="maximize")
        except optuna.exceptions.DuplicatedStudyError:
            raise ValueError(
                f"the storage {storage!r} has a study {name!r} already; give another study_name, or delete that one: "
                f"optuna.delete_study(study_name={name!r}, storage=...)"
            ) from None
        study.set_metric_names([f"mean_test_{metric}"])
        study.set_user_attr("searcher", _name_searcher(search))
        study.add_trials(_make_trials(search))
    return study


def _name_searcher(search: Any) -> str:
    """Return the class of a search; of a record, that of the search it is of."""
    return str(getattr(search, "searcher", type(search).__name__))


def _make_trials(search: Any) -> list[Any]:
    """Return a trial for each candidate, in the order of their numbers."""
    from optuna.trial import create_trial

    rows, failed, means = list_rows_by_candidate(search), find_failed(search), get_mean_scores(search)
    params, unfinished = list_candidates(search), set(getattr(search, "running_", ()))
    reached, scores = get_column(search, "n_resources"), get_scores(search)
    most = getattr(search, "max_resources_", reached.max())
    distributions = list_distributions(search, list(params.values()))
    seconds, now = _add_seconds(search, scores.shape[1]), datetime.now()
    intermediate = _list_intermediate(search, rows)
    trials = []
    for number, own in rows.items():
        last = own[-1]
        state = _find_state(failed[last], number in unfinished, reached[last] < most)
        took = float(sum(seconds[own]))
        trial = create_trial(
            state=state,
            value=float(means[last]) if state.name in ("COMPLETE", "PRUNED") else None,
            params={name: simplify(value) for name, value in params[number].items()},
            distributions={name: distributions[name] for name in params[number]},
            intermediate_values=intermediate[number],
            user_attrs=_describe(search, number, last, scores[last], took),
        )
        trial.datetime_start = now - timedelta(seconds=took)
        if state.is_finished():
            trial.datetime_complete = now
        trials.append(trial)
    return trials


def _find_state(failed: bool, unfinished: bool, dropped: bool) -> Any:
    from optuna.trial import TrialState

    if failed:
        return TrialState.FAIL
    return TrialState.RUNNING if unfinished else TrialState.PRUNED if dropped else TrialState.COMPLETE


def _describe(search: Any, number: int, row: int, scores: np.ndarray, seconds: float) -> dict[str, Any]:
    """Return what is known of a candidate beside its parameters and its value."""
    return {
        "candidate": number,
        "bracket": int(get_column(search, "bracket")[row]),
        "parent": int(get_column(search, "parent", -1)[row]),
        "n_resources": int(get_column(search, "n_resources")[row]),
        "split_scores": [None if np.isnan(score) else float(score) for score in scores],
        "fit_seconds": seconds,
        "best": bool(row == getattr(search, "best_index_", -1)),
    }


def _add_seconds(search: Any, n_splits: int) -> np.ndarray:
    """Return the seconds that the fits of each row took, all splits together."""
    seconds = np.asarray(search.cv_results_["mean_fit_time"], dtype=float) * n_splits
    return np.nan_to_num(seconds)


def _list_intermediate(search: Any, rows: dict[int, np.ndarray]) -> dict[int, dict[int, float]]:
    """Return mean scores of each candidate by rung; or, of one rung, by epoch."""
    reached, means = get_column(search, "n_resources"), get_mean_scores(search)
    if any(len(own) > 1 for own in rows.values()):
        return {
            number: {int(reached[row]): float(means[row]) for row in own if not np.isnan(means[row])}
            for number, own in rows.items()
        }
    curves = search.curves_.dropna(subset=["valid_score"])
    by_epoch = curves.groupby(["candidate", "epoch"])["valid_score"].mean()
    found: dict[int, dict[int, float]] = {number: {} for number in rows}
    for (number, epoch), score in by_epoch.items():
        found[int(number)][int(epoch)] = float(score)
    return found
