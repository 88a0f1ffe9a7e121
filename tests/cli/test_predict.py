from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sknet_hp
from sknet_hp import load
from sknet_hp.cli.tuning import searched

SMALL = ("--search", "random", "--candidates", 2, "--cv", 2, "--outer-cv", 2, "--out", "results")


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch):
    monkeypatch.setattr(searched, "MAX_EPOCHS", 3)


@pytest.fixture
def data(table, tmp_path) -> Path:
    path = tmp_path / "data.csv.gz"
    table.to_csv(path, index=False)
    return path


def test_predictions_are_those_of_the_saved_model(run, data, table, tmp_path):
    assert run("tune", data, "--target", "label", *SMALL).code == 0
    model = load(tmp_path / "results/model.safetensors")
    X = pd.read_csv(data)
    result = run("predict", "results", data, "--proba")
    assert result.code == 0, result.err
    (tmp_path / "predictions.csv").write_text(result.out)
    predictions = pd.read_csv(tmp_path / "predictions.csv")
    assert list(predictions) == ["prediction", "probability_no", "probability_yes"]
    features = X[model.feature_names_in_]
    assert predictions["prediction"].tolist() == model.predict(features).tolist()
    np.testing.assert_allclose(
        predictions[["probability_no", "probability_yes"]], model.predict_proba(features), rtol=1e-6
    )

    shuffled = X[sorted(X.columns)]  # another order, and the target is in it: looked at by name
    shuffled.to_csv("other.csv", index=False)
    result = run("predict", "results/model.safetensors", "other.csv", "--out", "out.csv")
    assert result.code == 0, result.err
    assert pd.read_csv("out.csv")["prediction"].tolist() == predictions["prediction"].tolist()


def test_tables_in_the_notation_of_people_give_the_same_model_and_predictions(run, table, tmp_path):
    days = pd.date_range("2024-11-25", periods=60)
    plain = table.drop(columns="amount").assign(size=table["size"].round(3).fillna(0.5), day=days.strftime("%Y-%m-%d"))
    plain.to_csv("plain.csv", index=False)
    written = plain.assign(day=days.strftime("%d.%m.%Y"), colour=plain["colour"].replace("green", "grün"))
    written.to_csv("written.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    found = {}
    for name in ("plain", "written"):
        result = run("tune", f"{name}.csv", "--target", "label", *SMALL[:-1], name)
        assert result.code == 0, result.err
        found[name] = run("predict", name, f"{name}.csv", "--proba").out
        # A table of one row is read as the whole was.
        lines = (tmp_path / f"{name}.csv").read_bytes().splitlines(keepends=True)
        (tmp_path / "row.csv").write_bytes(lines[0] + lines[1])
        assert run("predict", name, "row.csv", "--proba").out.splitlines() == found[name].splitlines()[:2]
    assert found["plain"] == found["written"]


def test_predictions_come_in_the_format_that_their_file_says(run, data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    assert run("tune", data, "--target", "label", *SMALL[:-1], "~/results").code == 0
    for name, read in (
        ("p.csv", pd.read_csv),
        ("p.csv.gz", pd.read_csv),
        ("p.parquet", pd.read_parquet),
        ("p.txt", pd.read_csv),
    ):
        assert run("predict", "~/results", data, "--proba", "--out", name).code == 0
        table = read(name)
        assert list(table) == ["prediction", "probability_no", "probability_yes"]
        assert len(table) == 60
    assert Path("p.csv.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert not Path("~").exists()


def test_text_of_digits_stays_text(run, table, tmp_path):
    codes = np.where(table["label"] == "yes", "007", "x7")
    table.assign(code=codes)[["code", "label"]].to_csv("data.csv", index=False)
    assert run("tune", "data.csv", "--target", "label", *SMALL).code == 0
    model = load("results/model.safetensors")
    Path("new.csv").write_text("code\n007\n007\n")
    result = run("predict", "results", "new.csv", "--proba")
    expected = model.predict_proba(pd.DataFrame({"code": ["007"]}))[0]
    np.testing.assert_allclose([float(cell) for cell in result.out.splitlines()[1].split(",")[1:]], expected, rtol=1e-6)


def test_predict_knows_text_columns_of_networks_saved_in_python(run):
    table = pd.DataFrame({"code": ["007", "x7"] * 20, "size": np.arange(40.0)})
    net = sknet_hp.NetClassifier(width=8, max_epochs=3, random_state=0).fit(table, [0, 1] * 20)
    sknet_hp.save(net, "model")
    table[::2].to_csv("new.csv", index=False)  # digits only
    written = pd.read_csv(StringIO(run("predict", "model", "new.csv", "--proba").out))
    np.testing.assert_allclose(written.filter(like="probability"), net.predict_proba(table[::2]), rtol=1e-15)


def test_proba_needs_a_classifier(run, refused, data):
    assert run("tune", data, "--target", "amount", *SMALL).code == 0
    refused("predict", "results", data, "--proba", says=("predicts numbers, so it has none: leave --proba out",))


def test_a_spreadsheet_is_not_written(refused, tmp_path):
    (tmp_path / "data.csv").write_text("size\n1\n")
    refused("predict", "model", "data.csv", "--out", "p.XLSX", says=("is a spreadsheet: give a name in .csv",))
