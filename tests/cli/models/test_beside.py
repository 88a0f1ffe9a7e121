"""What happens beside a result must not cost the result."""

import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from sknet_hp.cli.models import beside

FOLDS = ("--target", "label", "--drop", "amount", "--out", "results", "--outer-cv", 4, "--cv", 2, "--search")


class FailsInMostFolds(DummyClassifier):
    """A model whose fit succeeds only where row 0 is held out."""

    def fit(self, X, y, sample_weight=None):
        if 0 in np.asarray(X["number"]):
            raise RuntimeError("no\nluck")
        return super().fit(X, y)


class FailsAlways(DummyClassifier):
    def fit(self, X, y, sample_weight=None):
        raise MemoryError("no memory")


@pytest.mark.parametrize("model", [FailsInMostFolds(), FailsAlways()])
@pytest.mark.filterwarnings("ignore:.*outer fold")
def test_a_model_that_fails_is_left_out(run, table, tmp_path, monkeypatch, model):
    table.assign(number=range(60)).to_csv("data.csv", index=False)
    usual = beside._make_simple_models
    monkeypatch.setattr(beside, "_make_simple_models", lambda *given: usual(*given) | {"linear": model})
    result = run("evaluate", "data.csv", *FOLDS, "none")
    assert result.code == 0, result.err
    assert "- Linear was not scored: " in result.out
    summary = json.loads((tmp_path / "results/summary.json").read_text())
    assert {row["name"] for row in summary["beside"]} == {"network", "constant"}
    assert list(summary["not_scored"]) == ["linear"]
    assert (tmp_path / "results/report.html").is_file()


def test_the_untuned_network_without_time_is_left_out(run, table, tmp_path, monkeypatch):
    table.to_csv("data.csv", index=False)
    score = beside._score

    def score_without_time(model, problem, result, settings):
        return score(model, problem, result, settings | ({"time_budget": 1e-9} if hasattr(model, "max_epochs") else {}))

    monkeypatch.setattr(beside, "_score", score_without_time)
    result = run("evaluate", "data.csv", *FOLDS, "random", "--candidates", 2)
    assert result.code == 0, result.err
    assert "- Untuned network was not scored: there was no time." in result.out
    assert json.loads((tmp_path / "results/summary.json").read_text())["not_scored"] == {
        "untuned network": "there was no time"
    }
