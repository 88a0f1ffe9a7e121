"""A search as runs of MLflow: one for the search, and one for each candidate."""

import time
from typing import Any

import numpy as np

from sknet_hp.search.spaces.values import Params
from sknet_hp.search.views.facts import find_score_name
from sknet_hp.search.views.history import make_history
from sknet_hp.search.views.summary import write_summary
from sknet_hp.system.extras import require_extra
from sknet_hp.tracking.trials import FAILED, RUNNING, Trial, list_trials, name_searcher

_MOST_PARAMS, _MOST_METRICS = 100, 500
"""That MLflow takes at once."""

_LONGEST = 500
"""Letters that MLflow keeps of a parameter."""


def log_to_mlflow(search: Any, run_name: str | None = None) -> str:
    """Log a search to MLflow: a run, and a child run for each candidate.

    The run has the best score, the best parameters, the table of results and the
    summary. Child runs have their parameters, their mean score by resources, and their
    learning curves by epoch, as means over the splits. They are logged to MLflow's
    current tracking URI and experiment. Within an active run, the run of the search is
    its child.

    Parameters
    ----------
    search : fitted search, or record of one
        Any search of `sknet_hp.search`, `sknet_hp.tuning` or scikit-learn, or what
        `read_journal` returns.
    run_name : str, default=None
        None is the searcher's name, such as "HyperbandSearchCV".

    Returns
    -------
    run_id : str
        The id of the search's run.

    Raises
    ------
    ImportError
        If MLflow is not installed.
    """
    with require_extra("mlflow", "log_to_mlflow", "MLflow"):
        import mlflow

    metric, trials = find_score_name(search), list_trials(search)
    name, is_nested = run_name or name_searcher(search), mlflow.active_run() is not None
    with mlflow.start_run(run_name=name, nested=is_nested, tags={"searcher": name_searcher(search)}) as run:
        client, run_id = mlflow.MlflowClient(), str(run.info.run_id)
        if hasattr(search, "best_params_"):
            _log_params(client, run_id, {f"best_{key}": value for key, value in search.best_params_.items()})
        best = getattr(search, "best_score_", np.nan)
        mlflow.log_metrics({"n_candidates": len(trials)} | ({} if np.isnan(best) else {"best_cv_score": float(best)}))
        mlflow.log_text(make_history(search).to_csv(index=False), "history.csv")
        mlflow.log_text(search.summary() if hasattr(search, "summary") else write_summary(search), "summary.txt")
        for trial in trials:
            _log_trial(client, run, trial, f"mean_test_{metric}")
    return run_id


def _log_trial(client: Any, parent: Any, trial: Trial, score_name: str) -> None:
    """Log a candidate as a child run, which took as long as its fits."""
    from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_USER

    now = int(1000 * time.time())
    tags = {MLFLOW_PARENT_RUN_ID: parent.info.run_id, MLFLOW_USER: parent.info.user_id, "state": trial.state}
    tags |= {name: str(trial.attributes[name]) for name in ("bracket", "parent", "best")}
    began = now - int(1000 * trial.attributes["fit_seconds"])
    child = client.create_run(parent.info.experiment_id, began, tags, run_name=f"candidate {trial.number}")
    _log_params(client, child.info.run_id, trial.params)
    series = {score_name: trial.by_rung} | trial.curves
    metrics = _list_metrics(series, now)
    for begin in range(0, len(metrics), _MOST_METRICS):
        client.log_batch(child.info.run_id, metrics=metrics[begin : begin + _MOST_METRICS])
    if trial.state != RUNNING:
        client.set_terminated(child.info.run_id, "FAILED" if trial.state == FAILED else "FINISHED", now)


def _log_params(client: Any, run_id: str, params: Params) -> None:
    from mlflow.entities import Param

    every = [Param(name, str(value)[:_LONGEST]) for name, value in params.items()]
    for begin in range(0, len(every), _MOST_PARAMS):
        client.log_batch(run_id, params=every[begin : begin + _MOST_PARAMS])


def _list_metrics(series: dict[str, dict[int, float]], now: int) -> list[Any]:
    from mlflow.entities import Metric

    return [Metric(name, value, now, step) for name, values in series.items() for step, value in values.items()]
