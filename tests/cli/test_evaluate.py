"""Runs of `evaluate`, on small tables."""

import json

import numpy as np
import pandas as pd
import pytest

from sknet_hp import NetClassifier, save
from sknet_hp.cli.tuning import searched
from sknet_hp.estimators.averaged import AveragedClassifier
from sknet_hp.evaluation import make_baseline, nested_cross_validate
from tests.helpers.html_pages import Page

SMALL = ("--target", "label", "--outer-cv", 2)
SEARCHED = (*SMALL, "--search", "random", "--candidates", 2, "--cv", 2)


@pytest.fixture
def data(table, tmp_path):
    path = tmp_path / "data.csv"
    table.drop(columns="amount").assign(
        person=[f"p{k // 3}" for k in range(60)], day=pd.date_range("2024-01-01", periods=60)[::-1]
    ).to_csv(path, index=False)
    return path


def test_search_is_scored_and_stands_beside_others(run, data, tmp_path):
    result = run("evaluate", data, *SEARCHED, "--drop", "person", "--drop", "day", "--out", "results")
    assert result.code == 0, result.err
    for words in (
        "accuracy",
        "95 % interval",
        "The searches themselves report",
        "outer folds chose",
        "lr:",
        "- Tuned network",
    ):
        assert words in result.out
    ranked = [line.split("  ")[1] for line in result.out.splitlines() if line.startswith("  ") and "(" in line]
    assert {"tuned network", "untuned network", "linear", "constant"} <= set(ranked)
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [
        "curves.csv",
        "folds.csv",
        "journal",
        "predictions.csv",
        "report.html",
        "summary.json",
    ]
    assert len(pd.read_csv("results/folds.csv")) == 2
    assert pd.read_csv("results/predictions.csv")["row"].tolist() == list(range(60))


def test_json_is_all_that_is_printed(run, data):
    result = run("evaluate", data, *SEARCHED, "--json")
    summary = json.loads(result.out)
    assert summary["scoring"] == "accuracy"
    assert summary["mean"] == pytest.approx(np.mean(summary["outer_scores"]))
    assert len(summary["params"]) == 2
    assert {row["name"] for row in summary["beside"]} == {"tuned network", "untuned network", "linear", "constant"}
    assert run("evaluate", data, *SEARCHED, "--json").out.split('"seconds"')[0] == result.out.split('"seconds"')[0]


def test_a_search_that_ends_long_before_its_time_says_so(run, data):
    told = "ended by itself after"
    short = ("--search", "halving", "--candidates", 2, "--cv", 2, "--drop", "person", "--drop", "day")
    result = run("evaluate", data, *SMALL, *short, "--time-budget", 10_000)
    assert told in result.out
    assert "More candidates (--candidates, now 2) would use the time." in " ".join(result.out.split())
    assert told not in run("evaluate", data, *SMALL, *short).out


def test_the_chart_of_errors_names_the_target(run, table, tmp_path):
    table.drop(columns="label").to_csv(tmp_path / "data.csv", index=False)
    result = run("evaluate", "data.csv", "--target", "amount", "--model", "linear", "--outer-cv", 2, "--out", "results")
    assert result.code == 0, result.err
    assert "predicted amount" in str(Page(tmp_path / "results" / "report.html").specs)


def test_score_is_that_of_python(run, data):
    from sklearn.model_selection import StratifiedKFold

    summary = json.loads(run("evaluate", data, *SMALL, "--model", "linear", "--drop", "day", "--json").out)
    table = pd.read_csv(data).drop(columns="day")
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    X, y = table.drop(columns="label"), table["label"].to_numpy()
    score = nested_cross_validate(make_baseline("linear", "classification"), X, y, cv=folds)
    assert summary["outer_scores"] == score.outer_scores.tolist()
    assert [row["name"] for row in summary["beside"]].count("linear") == 1


def test_groups_and_time(run, data, tmp_path):
    grouped = run("evaluate", data, *SMALL, "--search", "none", "--groups", "person", "--drop", "day")
    assert grouped.code == 0, grouped.err
    assert "Rows with the same 'person' (20 groups) are never split." in grouped.out
    ordered = run("evaluate", data, *SMALL, "--search", "none", "--time", "day", "--drop", "person", "--out", "results")
    assert ordered.code == 0, ordered.err
    assert "Rows are sorted by 'day', which is then no feature" in ordered.out
    folds = pd.read_csv("results/folds.csv")
    assert folds["n_train"].tolist() == [20, 40]
    page = Page(tmp_path / "results" / "report.html")
    assert "How sure is that?" in page.headings
    assert "--repeats" not in page.text


def test_a_journal_takes_up(run, data, tmp_path):
    first = run("evaluate", data, *SEARCHED, "--json", "--journal", "journal")
    assert any((tmp_path / "journal").iterdir())
    again = run("evaluate", data, *SEARCHED, "--json", "--journal", "journal")
    assert json.loads(first.out)["outer_scores"] == json.loads(again.out)["outer_scores"]


def test_settings_of_a_saved_model_are_pointed_out(run, data, table):
    model = NetClassifier(width=8, max_epochs=2).fit(table[["size", "old"]], table["label"])
    save(model, "model.safetensors")
    result = run("evaluate", data, *SMALL, "--model", "model.safetensors")
    assert "the settings of 'model.safetensors' were chosen earlier" in result.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--model", "forest"), "there is no model 'forest'"),
        (("--model", "linear", "--search", "random"), "--model linear has no settings that are searched here"),
        (("--search", "hyperband", "--candidates", 5), "--candidates 5 has no effect with --search hyperband"),
        (("--groups", "old"), "2 groups, too few for 5 folds"),
        (("--time", "day", "--repeats", 2), "--repeats 2 and --time can't be combined"),
        (("--time", "colour"), "'colour' is missing in"),
        (("--scoring", "r2"), "does not suit"),
        (("--outer-cv", 40), "--outer-cv 40 and --cv 3 need 40 of every class"),
        (("--time-budget", 0), "--time-budget 0 is not a time"),
        (("--drop", "lable"), "did you mean 'label'"),
        (("--device", "gpu"), "--device 'gpu' is not a device"),
    ],
)
def test_bad_input(refused, data, arguments, says):
    refused("evaluate", data, "--target", "label", *arguments, says=(says,))


def test_a_time_that_reading_used_up(run, data):
    result = run("evaluate", data, *SMALL, "--time-budget", 0.0001)
    assert result.code == 2
    assert "--time-budget 0.0001 was used up before anything was trained: give more" in result.err


def test_json_of_bad_input_is_none(run, data):
    result = run("evaluate", data, "--target", "lable", "--json")
    assert (result.code, result.out) == (2, "")


def test_an_interrupt_tells_what_is_finished_and_how_to_go_on(run, data, monkeypatch):
    def interrupt(*arguments, **keywords):
        result = nested_cross_validate(*arguments, **keywords)
        error = KeyboardInterrupt()
        error.result = result
        raise error

    monkeypatch.setattr("sknet_hp.evaluation.nested_cross_validate", interrupt)
    result = run("evaluate", data, *SMALL, "--model", "linear", "--journal", "journal")
    assert result.code == 130
    assert "accuracy: " in result.out
    assert result.err.splitlines()[-1] == (
        "sknet-hp: interrupted, and the same command continues from here (--journal journal)."
    )


def test_an_ensemble_is_scored_or_searched_as_tune_does(run, data, table):
    members = [("a", NetClassifier(width=8, max_epochs=2)), ("b", NetClassifier(width=4, max_epochs=2))]
    model = AveragedClassifier(members, voting="soft").fit(table[["size", "old"]], table["label"])
    save(model, "ensemble.safetensors")
    assert run("evaluate", data, *SMALL, "--model", "ensemble.safetensors").code == 0
    result = run("evaluate", data, *SEARCHED, "--model", "ensemble.safetensors", "--drop", "day")
    assert result.code == 0, result.err
    assert "untuned ensemble.safetensors" in result.out


def test_what_is_scored_is_what_tune_does(run, data, monkeypatch):
    monkeypatch.setattr(searched, "MAX_EPOCHS", 3)
    arguments = (data, *SEARCHED, "--scoring", "neg_log_loss", "--drop", "day", "--json")
    evaluated, tuned = (json.loads(run(command, *arguments).out) for command in ("evaluate", "tune"))
    assert evaluated["params"] == tuned["best_params_of_outer_folds"]
    assert evaluated["outer_scores"] == tuned["nested_cv"]["folds"]
    assert {each["width"] for each in evaluated["params"]} <= {64, 128, 256}


def test_a_stopped_evaluation_is_resumed(run, data, tmp_path, monkeypatch):
    arguments = ("evaluate", data, *SEARCHED, "--drop", "person", "--drop", "day")
    whole = json.loads(run(*arguments, "--json").out)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sknet_hp.cli.work.evaluate.compare_beside", interrupt)
        stopped = run(*arguments, "--out", "results")
    assert stopped.code == 130
    assert "accuracy: " in stopped.out
    assert stopped.err.splitlines()[-1].endswith("the same command with --resume continues from here (results).")
    resumed = run(*arguments, "--out", "results", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    printed = json.loads(resumed.out)
    assert printed["outer_scores"] == whole["outer_scores"]
    assert (tmp_path / printed["report"]).is_file()
    assert "--resume needs the directory of the run" in run(*arguments, "--resume").err


def test_errors_are_positive_and_the_next_step_is_named(run, table, tmp_path):
    table.drop(columns="label").assign(amount=10_000 * (table["amount"] + 20)).to_csv("data.csv", index=False)
    small = ("--outer-cv", 2, "--cv", 2, "--search", "random", "--candidates", 2)
    result = run("evaluate", "data.csv", "--target", "amount", "--scoring", "neg_mean_absolute_error", *small)
    assert result.code == 0, result.err
    assert "mean absolute error in the same folds (lower is better)" in result.out
    told, _, _ = result.out.partition("Findings:")
    assert "neg_" not in told
    assert "  -" not in told
    told = "--search random --cv 2 --candidates 2 --scoring neg_mean_absolute_error"
    assert f"Next:     sknet-hp tune data.csv --target amount {told}\n" in result.out


def test_the_path_of_a_model_keeps_its_letters(run, data, table):
    save(NetClassifier(width=8, max_epochs=2).fit(table[["size", "old"]], table["label"]), "mine.safetensors")
    result = run("evaluate", data, *SMALL, "--model", "mine.safetensors", "--out", "results")
    assert result.code == 0, result.err
    assert "Mine.safetensors" not in result.out
    assert "mine.safetensors" in result.out
    assert {"probability_no", "probability_yes"} <= set(pd.read_csv("results/predictions.csv"))


def test_predictions_have_the_numbers_of_their_rows(run, data, table):
    table.assign(label=table["label"].where(table.index > 4), day=range(60, 0, -1)).to_csv("some.csv", index=False)
    arguments = ("evaluate", "some.csv", "--target", "label", "--search", "none", "--time", "day", "--outer-cv", 2)
    result = run(*arguments, "--model", "constant", "--out", "results")
    assert result.code == 0, result.err
    predictions = pd.read_csv("results/predictions.csv")
    assert predictions["row"].max() < 42  # the last third of time, which is predicted last, stands first
    assert predictions["row"].min() == 5
    assert predictions["y"].tolist() == table["label"].iloc[predictions["row"]].tolist()
