"""Runs of `compare`, on small tables."""

import json

import pandas as pd
import pytest

from sknet_hp import NetClassifier, save


@pytest.fixture
def data(table, tmp_path):
    path = tmp_path / "data.csv"
    table.drop(columns="amount").to_csv(path, index=False)
    return path


def test_models_are_ranked_and_compared(run, data, tmp_path):
    result = run("compare", data, "default", "linear", "constant", "--target", "label", "--cv", 3, "--out", "results")
    assert result.code == 0, result.err
    assert "Accuracy in the same 6 splits" in result.out
    assert "default is better than constant" in result.out
    assert result.out.count("For a paper: On the same 6 splits") == 1
    assert "\nNext:     sknet-hp tune " in result.out
    assert "--rope sets it" in " ".join(result.out.split())
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["folds.csv", "pairs.csv", "summary.json"]
    assert list(pd.read_csv("results/folds.csv")) == ["default", "linear", "constant"]
    assert len(pd.read_csv("results/pairs.csv")) == 3


def test_json_is_all_that_is_printed(run, data):
    arguments = ("compare", data, "linear", "constant", "--target", "label", "--repeats", 1, "--rope", 0.05, "--json")
    summary = json.loads(run(*arguments).out)
    assert [row["name"] for row in summary["ranking"]] == ["linear", "constant"]
    assert summary["pairs"][0]["rope"] == 0.05
    assert len(summary["scores"]["linear"]) == 5
    assert len(summary["sentences"]) == 1


def test_errors_of_regression_are_compared(run, table, tmp_path):
    table.drop(columns="label").to_csv(tmp_path / "data.csv", index=False)
    arguments = ("--target", "amount", "--scoring", "neg_root_mean_squared_error", "--repeats", 1)
    result = run("compare", "data.csv", "linear", "constant", *arguments)
    assert result.code == 0, result.err
    assert "linear is better than constant" in result.out


def test_differences_follow_the_order_of_names(run, table, tmp_path):
    table.drop(columns="label").to_csv(tmp_path / "data.csv", index=False)
    result = run("compare", "data.csv", "constant", "linear", "--target", "amount", "--repeats", 1)
    [line] = [line for line in result.out.splitlines() if "linear is better than constant" in line]
    assert "linear is better than constant  +" in line
    assert "(+" in line


def test_saved_models_compete_with_their_settings(run, data, table):
    save(NetClassifier(width=8, max_epochs=2).fit(table[["size", "old"]], table["label"]), "model.safetensors")
    result = run("compare", data, "model.safetensors", "constant", "--target", "label", "--repeats", 1)
    assert result.code == 0, result.err
    assert "Note: the settings of 'model.safetensors' were chosen earlier" in result.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("default",), "one model, 'default', can't be compared"),
        (("default", "default"), "the model 'default' is named twice"),
        (("default", "lineer"), "did you mean 'linear'"),
        (("linear", "constant", "--cv", 40), "--cv 40 need 40 of every class"),
        (("linear", "constant", "--scoring", "r2"), "does not suit"),
        (("linear", "constant", "--rope", -1), "--rope"),
    ],
)
def test_bad_input(refused, data, arguments, says):
    refused("compare", data, "--target", "label", *arguments, says=(says,))


def test_rows_in_order_of_time_are_split_once(run, data):
    timed = pd.read_csv(data)
    timed.assign(day=range(len(timed))).to_csv("timed.csv", index=False)
    result = run("compare", "timed.csv", "linear", "constant", "--target", "label", "--time", "day", "--cv", 3)
    assert result.code == 0, result.err
    assert "in the same 3 splits" in result.out
    assert "3 splits can show large differences only; more rows show smaller ones." in result.out


def test_a_time_that_reading_used_up(refused, data):
    arguments = ("compare", data, "default", "linear", "--target", "label", "--time-budget")
    refused(*arguments, 0.0001, says=("was used up before anything was trained: give more",))
    refused(*arguments, 0, says=("--time-budget 0 is not a time: give a number of seconds above 0",))


@pytest.mark.parametrize(("columns", "lines_of_a_pair"), [(80, 1), (60, 2)])
def test_pairs_fit_the_terminal(run, data, monkeypatch, columns, lines_of_a_pair):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = run("compare", data, "boosting", "linear", "--target", "label", "--cv", 2, "--repeats", 2)
    _, pairs = result.out.split("by how much the first is better:\n")
    assert len(pairs.split("\n\n")[0].splitlines()) == lines_of_a_pair
    told = result.out.split("\nNext: ")[0].splitlines()[1:]
    assert all(len(line) <= columns for line in told)
