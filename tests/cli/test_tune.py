"""Runs of `tune` and `predict` that succeed, on small tables."""

import json
import os
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, cross_validate

import sknet_hp
from sknet_hp import load
from sknet_hp.cli.tuning import candidates, methods, pilot, searched
from sknet_hp.cli.work import tune
from sknet_hp.estimators.averaged import AveragedClassifier

SMALL = ("--search", "random", "--candidates", 2, "--cv", 2, "--outer-cv", 2, "--out", "results")
NETWORKS = 2 * (2 * 2 + 1) + 2 * 2 + 1


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch):
    monkeypatch.setattr(searched, "MAX_EPOCHS", 3)


@pytest.fixture
def data(table, tmp_path) -> Path:
    path = tmp_path / "data.csv.gz"
    table.to_csv(path, index=False)
    return path


def test_classification_writes_model_results_and_summary(run, data, tmp_path):
    result = run("tune", data, "--target", "label", *SMALL)
    assert result.code == 0, result.err
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [
        "cv_results.csv",
        "journal",
        "model.safetensors",
        "report.html",
        "summary.json",
    ]
    summary = json.loads((tmp_path / "results/summary.json").read_text())
    nested = summary["nested_cv"]
    assert nested["scoring"] == "accuracy"
    assert nested["mean"] == pytest.approx(np.mean(nested["folds"]))
    assert summary["networks_trained"] == NETWORKS
    assert summary["task"] == "classification"
    assert summary["training_rows"]["n"] == 60
    results = pd.read_csv(tmp_path / "results/cv_results.csv")
    assert len(results) == 2
    best = json.loads(results.loc[results["rank_test_score"].idxmin(), "params"])
    assert best == summary["best_params"]
    assert f"Score: accuracy {nested['mean']:.4f} (95 % interval" in result.out
    assert {row["name"] for row in summary["beside"]} == {"tuned network", "untuned network", "linear", "constant"}
    assert "For comparison, accuracy in the same folds, mean and 95 % interval:" in result.out
    assert result.out.splitlines()[-4:] == [
        "Report:   results/report.html",
        "Next:     sknet-hp predict results NEW.csv",
        "          sknet-hp importances results HELD_OUT.csv",
        "          (HELD_OUT.csv: rows that are not in this table, with their target)",
    ]
    assert "sknet-hp tune" in (tmp_path / "results/report.html").read_text()
    cost = (
        f"To train: {NETWORKS} networks of at most 3 epochs: 3 searches (2 outer folds, and all rows), "
        "each of 2 candidates in 2 folds and the best"
    )
    assert cost in " ".join(result.out.split())
    [trained] = [line for line in result.out.splitlines() if line.startswith(f"Trained: {NETWORKS} networks in")]
    assert trained.endswith(" s, in the outer folds and on all rows.")
    assert str(Path("results/model.safetensors")) in result.out
    assert f"{NETWORKS} of {NETWORKS} networks" in result.err


def test_score_is_that_of_nested_cross_validation_in_scikit_learn(run, data, table, tmp_path):
    run("tune", data, "--target", "amount", *SMALL, "--seed", 3)
    summary = json.loads((tmp_path / "results/summary.json").read_text())
    folds = KFold(2, shuffle=True, random_state=3)
    network = sknet_hp.NetRegressor(max_epochs=3, early_stopping=True, random_state=3, device="auto")
    search = sknet_hp.search.RandomizedSearchCV(
        network, candidates.make_random_space(network), n_iter=2, cv=folds, scoring="r2", random_state=3
    )
    X, y = pd.read_csv(data).drop(columns="amount"), pd.read_csv(data)["amount"].to_numpy()
    assert summary["nested_cv"]["folds"] == cross_validate(search, X, y, cv=folds, scoring="r2")["test_score"].tolist()
    assert summary["best_params"] == search.fit(X, y).best_params_


def test_same_seed_same_numbers(run, data, tmp_path):
    def score(seed: int) -> list[float]:
        assert (
            run(
                "tune", data, "--target", "label", *SMALL, "--overwrite", "--scoring", "neg_log_loss", "--seed", seed
            ).code
            == 0
        )
        return json.loads((tmp_path / "results/summary.json").read_text())["nested_cv"]["folds"]

    first = score(0)
    assert score(0) == first
    assert score(1) != first


def test_grid_and_parquet(run, table, tmp_path):
    table.astype({"colour": "category"}).to_parquet(tmp_path / "data.parquet")
    result = run("tune", "data.parquet", "--target", "label", *SMALL, "--search", "grid")
    assert result.code == 0, result.err
    results = pd.read_csv(tmp_path / "results/cv_results.csv")
    assert results["param_lr"].tolist() == candidates.make_grid(2)["lr"]


def test_classes_of_more_than_63_bits(run, table, tmp_path):
    """They came out as negative numbers."""
    labels = [2**63 + 5, 2**64 - 1]
    table.drop(columns="label").assign(
        label=np.array(labels, dtype=np.uint64)[(table["label"] == "yes").astype(int)]
    ).to_csv("data.csv", index=False)
    assert run("tune", "data.csv", "--target", "label", *SMALL).code == 0
    assert load("results/model.safetensors").classes_.tolist() == labels
    predicted = pd.read_csv(StringIO(run("predict", "results", "data.csv").out))["prediction"]
    assert set(predicted.tolist()) <= set(labels)


def test_columns_of_databases(run, table, tmp_path):
    """Decimal numbers, and columns that pandas has made an index."""
    table.assign(price=[Decimal(k) / 4 for k in range(60)]).set_index("label").to_parquet(tmp_path / "data.parquet")
    result = run("tune", "data.parquet", "--target", "price", *SMALL)
    assert result.code == 0, result.err
    assert "5 features; regression of 'price' (the target has fractions)" in " ".join(result.out.split())
    assert run("tune", "data.parquet", "--target", "label", *SMALL, "--overwrite").code == 0
    assert run("predict", "results", "data.parquet").code == 0


def test_bundled_table_and_default_directory(run, tmp_path):
    assert run("tune", "sklearn:iris", *SMALL[:-2]).code == 0
    assert (tmp_path / "iris-tuned/model.safetensors").is_file()
    assert run("tune", "sklearn:iris", *SMALL[:-2]).code == 2
    assert run("tune", "sklearn:iris", *SMALL[:-2], "--overwrite").code == 0


def test_time_budget_reduces_candidates(run, data, tmp_path, monkeypatch):
    monkeypatch.setattr(pilot, "count_affordable", lambda *_: 1)
    result = run(
        *("tune", data, "--target", "label", "--search", "random", "--candidates", 5),
        *("--cv", 2, "--outer-cv", 2, "--time-budget", 1000),
    )
    assert result.code == 0, result.err
    assert "1 of 5 candidates fit into 1000 s" in result.out
    assert json.loads((tmp_path / "data-tuned/summary.json").read_text())["candidates"] == 1


def test_time_budget_that_is_too_short(run, data, tmp_path):
    result = run("tune", data, "--target", "label", "--search", "random", "--time-budget", 1e-3)
    assert result.code == 2
    assert (
        "--time-budget 0.001 is too short: one candidate needs" in result.err.splitlines()[-1]
    )  # after the pilot's progress
    assert os.listdir(tmp_path) == ["data.csv.gz"]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1] * 30, "classification"),
        ([0.0, 1.0] * 30, "classification"),
        ([True, False] * 30, "classification"),
        (list(range(20)) * 3, "classification"),
        (list(range(30)) * 2, "regression"),
        ([0.5, 1.0] * 30, "regression"),
    ],
)
def test_task_is_guessed(table, values, task):
    from sknet_hp.cli.tables.problem import pose_problem

    assert pose_problem(table.assign(goal=values), "goal").task == task


def test_numbers_that_are_taken_as_text_are_pointed_out(run, table):
    price, code = [f"${1000 + k:,}" for k in range(60)], [f"AB{k % 9}" for k in range(60)]
    size = table["size"].round(3).astype(str).where(table.index > 3, "none yet")
    table.assign(price=price, code=code, size=size).to_csv("data.csv", index=False)
    result = run("tune", "data.csv", "--target", "label", *SMALL)
    assert result.code == 0, result.err
    notes = [line for line in result.out.splitlines() if line.startswith("Note: ")]
    assert len(notes) == 2
    assert "'size' is treated as text because of cells like 'none yet'" in notes[0]
    assert "'price' is treated as text because of cells like '$1,0" in notes[1]
    table[["size", "label"]].to_csv("data.csv", index=False)
    assert "60 rows, 1 feature;" in run("tune", "data.csv", "--target", "label", *SMALL, "--overwrite").out


def test_rarest_class_that_is_let_through_can_be_trained(run, table, tmp_path):
    label = table["label"].where(table.index >= 4, "rare")  # outer 4, inner 3: the least is 4
    table.assign(label=label).to_csv("data.csv", index=False)
    arguments = ("--target", "label", "--candidates", 1, "--cv", 3)
    assert run("tune", "data.csv", *arguments, "--outer-cv", 4).code == 0
    assert run("tune", "data.csv", *arguments, "--outer-cv", 5, "--overwrite").code == 2


def test_guided_search_says_what_it_did(run, data, tmp_path):
    result = run("tune", data, "--target", "label", "--time-budget", 8, "--outer-cv", 2)
    assert result.code == 0, result.err
    assert "each. The rest of the time is for the models to compare with, and a reserve." in " ".join(
        result.out.split()
    )
    assert "Stages (with the score of the setting chosen):\n  prototype " in result.out
    summary = json.loads((tmp_path / "data-tuned/summary.json").read_text())
    assert summary["stages"][0]["stage"] == "prototype"
    assert len(summary["nested_cv"]["folds"]) == 2
    assert run("predict", "data-tuned", data, "--proba").code == 0


def test_a_page_needs_an_extra(run, data, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = run("tune", data, "--target", "label", *SMALL)
    assert result.code == 0, result.err
    [report] = [line for line in result.out.splitlines() if line.startswith("Report: ")]
    assert "none (" in report
    assert "sknet_hp[report]" in report


def test_an_interrupt_while_the_report_is_written_costs_only_the_report(run, data, tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("sknet_hp.report.report", interrupt)
    result = run("tune", data, "--target", "label", *SMALL)
    assert result.code == 130
    assert result.err.splitlines()[-1] == "sknet-hp: interrupted, the results are in results, without a report."
    assert (tmp_path / "results/model.safetensors").exists()


def test_a_killed_run_goes_on(run, data, tmp_path, monkeypatch):
    """With the numbers of a run that nobody stopped, and without training anew."""
    arguments = ("tune", data, "--target", "label", "--search", "halving", *SMALL[2:])
    assert run(*arguments).code == 0
    whole = json.loads((tmp_path / "results/summary.json").read_text())

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tune, "_compare", interrupt)
        stopped = run(*arguments[:-1], "again")
    assert stopped.code == 130
    assert stopped.err.splitlines()[-1].endswith("the same command with --resume continues from here (again).")
    assert os.listdir(tmp_path / "again") == ["journal"]
    refused = run(*arguments[:-1], "again")
    assert "has an unfinished run in it: --resume continues it" in refused.err
    other = run(*arguments[:-1], "again", "--resume", "--seed", 5)
    assert "has a run in it with --seed 0, and this is 5" in other.err
    resumed = run(*arguments[:-1], "again", "--resume")
    assert resumed.code == 0, resumed.err
    summary = json.loads((tmp_path / "again/summary.json").read_text())
    assert summary["nested_cv"]["folds"] == whole["nested_cv"]["folds"]
    assert summary["best_params"] == whole["best_params"]
    assert summary["networks_trained"] < whole["networks_trained"] / 2
    assert "nothing to resume" in run(*arguments[:-1], "again", "--resume").err


def test_space_model_and_ensemble(run, data, tmp_path):
    Path("space.toml").write_text("width = [4, 8]\nlr = {low = 1e-3, high = 1e-2, log = true}\n")
    small = ("--cv", 2, "--outer-cv", 0, "--out", "results", "--overwrite")
    result = run("tune", data, "--target", "label", "--space", "space.toml", "--candidates", 3, "--ensemble", *small)
    assert result.code == 0, result.err
    assert "by HalvingSearchCV of 3 candidates" in result.out
    assert set(json.loads((tmp_path / "results/summary.json").read_text())["best_params"]) >= {"width", "lr"}
    assert run("predict", "results", data, "--proba").code == 0
    grid = run("tune", data, "--target", "label", "--space", "space.toml", "--search", "grid", *small)
    assert "--space has a range for 'lr'" in grid.err
    Path("space.toml").write_text("width = [4, 8]\nmax_epochs = 2\n")
    grid = run("tune", data, "--target", "label", "--space", "space.toml", "--search", "grid", *small)
    assert "5 networks" in grid.out
    preset = run("tune", data, "--target", "label", "--model", "realmlp_td_s", "--search", "grid", *small)
    assert "--search grid knows no values for --model realmlp_td_s" in preset.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--space", "space.toml"), "there is no file 'space.toml'"),
        (("--model", "linear"), "--model linear is not a network"),
        (("--search", "guided", "--candidates", 3), "--candidates 3 has no effect with --search guided"),
        (("--search", "random", "--ensemble"), "--ensemble can't be used with --search random"),
        (("--resume", "--overwrite"), "--resume and --overwrite can't be used together"),
        (("--scoring", "f1", "--positive-class", "maybe"), "is not a class of 'label'"),
    ],
)
def test_options_that_do_not_go_together(run, data, tmp_path, arguments, says):
    result = run("tune", data, "--target", "label", *arguments)
    assert (result.code, says in result.err) == (2, True), result.err
    assert os.listdir(tmp_path) == ["data.csv.gz"]


def test_what_was_tuned_is_tuned_again(run, data, table):
    X = table[["size", "old"]]
    members = [(f"net{k}", sknet_hp.NetClassifier(width=4 + k, max_epochs=2)) for k in range(2)]
    sknet_hp.save(AveragedClassifier(members, voting="soft").fit(X, table["label"]), "ensemble")
    again = ("--model", "ensemble", "--search", "random", "--candidates", 1, "--cv", 2, "--outer-cv", 2)
    result = run("tune", data, "--target", "label", *again)
    assert result.code == 0, result.err
    assert "untuned ensemble" in result.out
    assert "of at most 2 epochs" in result.out


def test_no_outer_folds_no_score(run, data, tmp_path):
    result = run("tune", data, "--target", "label", *SMALL[:-4], "--outer-cv", 0)
    assert result.code == 0, result.err
    assert "To train: 5 networks of at most 3 epochs: one search of 2 candidates in 2 folds" in result.out
    assert "none, because --outer-cv is 0" in result.out
    assert json.loads((tmp_path / "data-tuned/summary.json").read_text())["nested_cv"]["mean"] is None


def test_groups_and_time_of_tune(run, table, tmp_path):
    table.assign(person=[k // 3 for k in range(60)], day=range(60, 0, -1)).to_csv("data.csv", index=False)
    arguments = ("tune", "data.csv", "--target", "amount", *SMALL, "--overwrite")
    grouped = run(*arguments, "--groups", "person")
    assert grouped.code == 0, grouped.err
    assert "Rows with the same 'person' (20 groups)" in grouped.out
    ordered = run(*arguments, "--time", "day")
    assert ordered.code == 0, ordered.err
    assert "Rows are sorted by 'day', which is then no feature" in ordered.out
    assert "day" not in load("results/model.safetensors").feature_names_in_


def test_json_is_all_that_is_printed(run, data, tmp_path):
    printed = json.loads(run("tune", data, "--target", "label", *SMALL, "--json").out)
    assert printed.pop("model") == str(Path("results/model.safetensors"))
    assert printed.pop("report") == str(Path("results/report.html"))
    assert printed == json.loads((tmp_path / "results/summary.json").read_text())


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_dates_are_features(run, table, tmp_path, ending):
    days = pd.date_range("2024-01-01", periods=len(table))
    table = table[["size", "label"]].assign(day=days)
    table.to_csv(tmp_path / "data.csv", index=False)
    table.to_parquet(tmp_path / "data.parquet")
    command = ["tune", f"data.{ending}", "--target", "label", "--search", "random", "--candidates", 2, "--cv", 2]
    result = run(*command, "--outer-cv", 0, "--out", "results")
    assert result.code == 0, result
    assert "Note: the column 'day' holds dates: features are the elapsed time" in result.out
    predictions = [run("predict", "results", f"data.{other}").out for other in ("csv", "parquet")]
    assert predictions[0] == predictions[1]
    table.assign(day=["soon", *days.strftime("%Y-%m-%d")[1:]]).to_csv(tmp_path / "data.csv", index=False)
    result = run("predict", "results", "data.csv")
    assert result.code == 0
    assert "Column 'day' holds dates, but 1 of 60 cells are none, such as 'soon'" in result.err


def test_a_method_that_lacks_a_package_is_refused_before_anything_is_printed(run, data, monkeypatch):
    monkeypatch.setitem(methods.SEARCHERS, "tpe", "Missing")

    def lack(name: str):
        raise ImportError(f"{name} needs Optuna")

    monkeypatch.setattr(methods.searchers, "__getattr__", lack)
    result = run("tune", data, "--target", "label", "--search", "tpe")
    assert result.code == 2
    assert "--search tpe can't be used: Missing needs Optuna" in result.err
    assert result.out == ""
