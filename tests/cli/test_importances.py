"""The command `importances`, on a network that one column decides."""

import json

import pytest

from sknet_hp import NetClassifier, NetRegressor, save
from sknet_hp.cli.tables.fingerprint import describe_rows


@pytest.fixture
def model(run, table, tmp_path):
    """A directory as `tune` writes it, of a network that was fitted on `train.csv`."""
    table.to_csv("train.csv", index=False)
    X, y = table[["size", "old"]], table["label"].to_numpy()
    (tmp_path / "tuned").mkdir()
    save(NetClassifier(width=16, max_epochs=30, random_state=0).fit(X, y), "tuned/model.safetensors")
    summary = {"target": "label", "training_rows": describe_rows(X, y)}
    (tmp_path / "tuned/summary.json").write_text(json.dumps(summary))
    return "tuned"


def test_the_column_that_decides_comes_first(run, model, table):
    table.assign(size=0.9 * table["size"]).dropna(subset="size").to_csv("t.csv", index=False)
    result = run("importances", model, "t.csv", "--n-repeats", 3)
    assert result.code == 0, result.err
    lines = [line.split() for line in result.out.splitlines() if "±" in line]
    assert [words[0] for words in lines] == ["size", "old"]
    assert float(lines[0][1]) > 0.2 > abs(float(lines[1][1]))
    assert "By how much it falls when" in result.out
    assert "Warning" not in result.out


def test_json_has_each_repeat_and_the_same_numbers_again(run, model):
    first, second = (
        json.loads(run("importances", model, "train.csv", "--scoring", "roc_auc", "--json").out) for _ in range(2)
    )
    assert first["importances"] == second["importances"]
    assert first["scoring"] == "roc_auc"
    assert [len(each["values"]) for each in first["importances"]] == [5, 5]
    assert first["share_of_training_rows"] == 1.0


def test_the_score_is_the_one_that_the_model_was_tuned_by(run, model, tmp_path):
    path = tmp_path / "tuned/summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"nested_cv": {"scoring": "f1", "positive_class": "no"}}))
    told = json.loads(run("importances", model, "train.csv", "--json").out)
    assert (told["scoring"], told["positive_class"]) == ("f1", "no")
    asked = json.loads(run("importances", model, "train.csv", "--scoring", "accuracy", "--json").out)
    assert (asked["scoring"], asked["positive_class"]) == ("accuracy", None)


def test_rows_of_training_are_told(run, model, table):
    assert "Warning: these rows are rows that the model was trained on." in run("importances", model, "train.csv").out
    table.assign(size=[*table["size"][:30], *range(30)]).to_csv("half.csv", index=False)
    assert "Warning: about 50 % of these rows are rows" in run("importances", model, "half.csv").out


def test_columns_of_a_fitted_model_are_not_to_be_dropped(run, table, tmp_path):
    table["number"] = range(len(table))
    table.to_csv("t.csv", index=False)
    save(NetClassifier(max_epochs=1, random_state=0).fit(table[["size", "number"]], table["label"]), "net.safetensors")
    result = run("importances", "net.safetensors", "t.csv", "--target", "label", "--n-repeats", 1)
    assert result.code == 0, result.err
    assert "number" in result.out
    assert "--drop" not in result.out


def test_an_error_rises(run, table, tmp_path):
    table.to_csv("t.csv", index=False)
    save(NetRegressor(max_epochs=3, random_state=0).fit(table[["size"]], table["amount"]), "net.safetensors")
    result = run(
        "importances", "net.safetensors", "t.csv", "--target", "amount", "--scoring", "neg_mean_absolute_error"
    )
    assert "Mean absolute error on 60 rows: " in result.out
    assert "By how much it rises when" in result.out


def test_labels_that_the_model_does_not_know(refused, model, table):
    table.assign(kind=["a", "b"] * 30).to_csv("t.csv", index=False)
    refused("importances", model, "t.csv", "--target", "kind", says=("'a', 'b'", "the model knows 'no', 'yes'"))
