"""A search as a study of Optuna, which its dashboard and its pictures read."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sknet_hp.search.views.facts import find_score_name
from sknet_hp.system.extras import require_extra
from sknet_hp.tracking.distributions import list_distributions, simplify
from sknet_hp.tracking.trials import COMPLETE, DROPPED, FAILED, RUNNING, list_trials, name_searcher

if TYPE_CHECKING:
    import optuna


def to_optuna(search: Any, study_name: str | None = None, storage: Any = None) -> "optuna.Study":
    """Return a search as a study of Optuna.

    Each candidate becomes a trial. Its value is its mean score over the splits, which
    is maximised; errors have a minus sign, as in scikit-learn.

    Parameters
    ----------
    search : fitted search, or record of one
        Any search of `sknet_hp.search`, `sknet_hp.tuning` or scikit-learn, or what
        `read_journal` returns.
    study_name : str, default=None
        None is the searcher's name, such as "HyperbandSearchCV".
    storage : str or Optuna storage, default=None
        Where to write the study, such as "sqlite:///studies.db", so that
        optuna-dashboard can show it. None keeps it in memory.

    Returns
    -------
    study : optuna.Study
        Trials are complete, pruned (dropped on the way), failed, or running. Their
        intermediate values are mean scores by rung or, if there is only one rung,
        validation scores by epoch, as far as known. User attributes are `candidate`,
        `bracket`, `parent` (-1 if none), `n_resources`, `split_scores`, `fit_seconds`
        (all rungs and splits together) and `best`.

    Raises
    ------
    ImportError
        If Optuna is not installed.
    ValueError
        If the storage already has a study of that name.

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
    with require_extra("bayes", "to_optuna", "Optuna"):
        import optuna
    from sknet_hp.search.proposals.optuna_study import silence_optuna

    metric, name = find_score_name(search), study_name or name_searcher(search)
    with silence_optuna():
        try:
            study = optuna.create_study(study_name=name, storage=storage, direction="maximize")
        except optuna.exceptions.DuplicatedStudyError:
            raise ValueError(
                f"the storage {storage!r} already has a study {name!r}; give another study_name, or delete that one: "
                f"optuna.delete_study(study_name={name!r}, storage=...)"
            ) from None
        study.set_metric_names([f"mean_test_{metric}"])
        study.set_user_attr("searcher", name_searcher(search))
        study.add_trials(_make_trials(search))
    return study


def _make_trials(search: Any) -> list[Any]:
    """Return a trial of Optuna for each candidate."""
    from optuna.trial import TrialState, create_trial

    states = {
        COMPLETE: TrialState.COMPLETE,
        DROPPED: TrialState.PRUNED,
        FAILED: TrialState.FAIL,
        RUNNING: TrialState.RUNNING,
    }
    trials = list_trials(search)
    distributions = list_distributions(search, [trial.params for trial in trials])
    has_rungs, now, made = any(len(trial.by_rung) > 1 for trial in trials), datetime.now(), []
    for trial in trials:
        own = create_trial(
            state=states[trial.state],
            value=trial.score if trial.state in (COMPLETE, DROPPED) else None,
            params={name: simplify(value) for name, value in trial.params.items()},
            distributions={name: distributions[name] for name in trial.params},
            intermediate_values=trial.by_rung if has_rungs else trial.curves.get("valid_score", {}),
            user_attrs=trial.attributes,
        )
        own.datetime_start = now - timedelta(seconds=trial.attributes["fit_seconds"])
        if own.state.is_finished():
            own.datetime_complete = now
        made.append(own)
    return made
