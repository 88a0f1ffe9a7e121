"""Runs of `diagnose`, on small tables."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from sknet_hp import NetClassifier, save
from sknet_hp.tuning import Diagnosis


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    size, code = rng.normal(size=300), rng.choice(["007", "008"], 300)
    table = pd.DataFrame({"size": size, "code": code, "label": np.where(size + (code == "007") > 0.5, "yes", "no")})
    table.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


@pytest.fixture
def slow_model(data, tmp_path):
    """A network whose rate is far too low, saved."""
    table = pd.read_csv(data, dtype={"code": "str"})
    net = NetClassifier(lr=1e-6, random_state=0).fit(table[["size", "code"]], table["label"])
    save(net, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_findings_come_with_what_to_change(run, data, slow_model):
    result = run("diagnose", slow_model, data, "--target", "label")
    assert result.code == 0, result.err
    assert "rate_too_low" in result.out
    assert "  Change: lr=" in result.out


def test_strict_tells_by_the_exit_code(run, data, slow_model):
    assert run("diagnose", slow_model, data, "--target", "label", "--strict").code == 3


def test_nothing_found_says_what_was_checked(run, data, slow_model, monkeypatch):
    healthy = Diagnosis(n_checks=17, n_networks=8)
    monkeypatch.setattr("sknet_hp.tuning.diagnose", lambda *args, **kwargs: healthy)
    assert "17 checks of 8 networks: nothing was found." in run("diagnose", slow_model, data, "--target", "label").out


def test_json_is_all_that_is_printed(run, data, slow_model):
    found = json.loads(run("diagnose", slow_model, data, "--target", "label", "--json").out)
    assert "rate_too_low" in found["codes"]
    [finding] = [each for each in found["findings"] if each["code"] == "rate_too_low"]
    assert finding["remedy"]["lr"] > 1e-6
    assert finding["advice"]
    assert finding["evidence"]


def test_a_short_time_leaves_what_the_curve_shows(run, data, slow_model):
    result = run("diagnose", slow_model, data, "--target", "label", "--time-budget", "0.01")
    assert result.code == 0, result.err
    assert "rate_too_low" in result.out
    assert "the time was up after 0 of 1 network" in " ".join(result.out.split())


def test_a_table_alone(run, data):
    result = run("diagnose", data, "--target", "label")
    assert result.code == 0, result.err
    assert "rate_too_low" not in result.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("model.safetensors", "data.csv", "more.csv"), "was given 3 paths"),
        (("nothing", "data.csv"), "there is no model 'nothing'"),
        (("data.csv", "--model", "boosting"), "--model boosting is not a network"),
        (("model.safetensors", "other.csv"), "lacks 1 of the 2 columns that the model was fitted on: add 'size'"),
        (("model.safetensors", "data.csv", "--target", "size"), "is a model for classification, and this is regr"),
    ],
)
def test_bad_input(run, data, slow_model, arguments, says):
    pd.read_csv(data).drop(columns="size").assign(more=1.5).to_csv("other.csv", index=False)
    result = run("diagnose", *(arguments if "--target" in arguments else (*arguments, "--target", "label")))
    assert result.code == 2
    assert says in result.err
    assert "Traceback" not in result.err


def test_what_is_no_network(run, data, slow_model, monkeypatch):
    table = pd.read_csv(data)
    model = LogisticRegression().fit(table[["size"]], table["label"])
    monkeypatch.setattr("sknet_hp.cli.work.diagnose.load_model", lambda path: model)
    result = run("diagnose", slow_model, data, "--target", "label")
    assert result.code == 2
    assert "model.safetensors' can't be diagnosed: " in result.err
