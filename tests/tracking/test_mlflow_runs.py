"""Searches as runs of MLflow."""

import pytest
from sklearn.model_selection import GridSearchCV as StockSearch

from sknet_hp.search import GridSearchCV
from sknet_hp.tracking import log_to_mlflow
from sknet_hp.tracking.trials import list_trials
from tests.helpers.small_searches import CV, NET
from tests.helpers.trackers import X, make_finished_search, y

mlflow = pytest.importorskip("mlflow")


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri("")


def list_children(client, run_id):
    found = client.search_runs(["0"], f"tags.mlflow.parentRunId = '{run_id}'")
    return sorted(found, key=lambda run: run.info.run_name)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_there_is_a_child_run_for_each_candidate(client):
    search = make_finished_search()
    run_id = log_to_mlflow(search)
    run, children, trials = client.get_run(run_id), list_children(client, run_id), list_trials(search)
    assert run.info.run_name == "HalvingSearchCV"
    assert run.data.metrics["best_cv_score"] == search.best_score_
    assert run.data.params["best_lr"] == str(search.best_params_["lr"])
    assert {each.path for each in client.list_artifacts(run_id)} == {"history.csv", "summary.txt"}
    assert [child.data.params["lr"] for child in children] == [str(trial.params["lr"]) for trial in trials]
    assert [child.info.status == "FAILED" for child in children] == [trial.state == "failed" for trial in trials]
    best = next(trial for trial in trials if trial.attributes["best"])
    child = children[best.number]
    logged = client.get_metric_history(child.info.run_id, "mean_test_score")
    assert {metric.step: metric.value for metric in logged} == best.by_rung
    logged = client.get_metric_history(child.info.run_id, "train_loss")
    assert {metric.step: metric.value for metric in logged} == pytest.approx(best.curves["train_loss"])


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_searches_of_scikit_learn_are_logged_too(client):
    run_id = log_to_mlflow(StockSearch(NET, {"lr": [0.01, 0.1]}, cv=CV).fit(X, y))
    assert len(list_children(client, run_id)) == 2
    assert {each.path for each in client.list_artifacts(run_id)} == {"history.csv", "summary.txt"}


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_within_a_run_it_is_a_child(client):
    search = GridSearchCV(NET, {"lr": [0.01, 0.1]}, cv=CV).fit(X, y)
    with mlflow.start_run() as outer:
        run_id = log_to_mlflow(search, "mine")
    assert client.get_run(run_id).info.run_name == "mine"
    assert [run.info.run_id for run in list_children(client, outer.info.run_id)] == [run_id]
