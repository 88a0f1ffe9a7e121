"""`export` and `card`, of a small saved network."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet_hp
from sknet_hp import NetClassifier
from sknet_hp.cli.tables.fingerprint import describe_rows
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_table


@pytest.fixture
def model(tmp_path):
    X, y = make_table(120)
    net = NetClassifier(**SMALL).fit(X, y)
    sknet_hp.save(net, tmp_path / "net.sknet")
    X.assign(bought=y).to_csv(tmp_path / "data.csv", index=False)
    return net


def test_export_writes_what_predicts_the_same(run, model, tmp_path):
    pytest.importorskip("onnxruntime")
    from sknet_hp.sharing import run_onnx

    result = run("export", "net.sknet", "data.csv", "--out", "net.onnx")
    assert result.code == 0, result.err
    assert "predicts 120 rows of data.csv as the model does" in result.out
    X, _ = make_table(120)
    np.testing.assert_array_equal(run_onnx(str(tmp_path / "net.onnx"), X)["label"], model.predict(X))


def test_export_says_that_nothing_was_compared(run, model):
    pytest.importorskip("onnxruntime")
    assert "not compared" in run("export", "net.sknet").out


def test_export_takes_the_name_of_the_model(run, model, tmp_path):
    pytest.importorskip("onnxruntime")
    assert run("export", "net.sknet").out.startswith("net.onnx (")
    (tmp_path / "bought-tuned").mkdir()
    (tmp_path / "net.sknet").rename(tmp_path / "bought-tuned/model.safetensors")
    assert run("export", "bought-tuned").out.startswith("bought-tuned.onnx (")
    assert run("export", "bought-tuned/model.safetensors", "--overwrite").out.startswith("bought-tuned.onnx (")


def test_export_keeps_what_is_there(run, refused, model, tmp_path):
    (tmp_path / "net.onnx").write_text("mine")
    refused("export", "net.sknet", says=("already exists: give another file with --out", "--overwrite"))


def test_export_names_what_has_no_form(refused, tmp_path):
    X, _ = make_table(80)
    net = NetClassifier(**SMALL).fit(X, np.array(["2020-01-01", "2021-01-01"] * 40, "datetime64[D]"))
    sknet_hp.save(net, tmp_path / "net.sknet")
    refused("export", "net.sknet", says=("can't be exported", "datetime64"))


def test_export_speaks_of_the_table_of_the_command_line(refused, tmp_path):
    pytest.importorskip("onnxruntime")
    X, y = make_table(80)
    X.assign(bought=y).to_csv(tmp_path / "data.csv", index=False)
    pipeline = make_pipeline(make_column_transformer((StandardScaler(), ["age"])), NetClassifier(**SMALL))
    sknet_hp.save(pipeline.fit(X, y), tmp_path / "net.sknet")
    refused("export", "net.sknet", says="give DATA, a table like that of training")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of half precision
        sknet_hp.save(NetClassifier(precision="bf16", **SMALL).fit(X, y), tmp_path / "net.sknet")
        says = (
            "Nothing was written. Predict with sknet-hp predict, or",
            "larger tolerance. The network",
            "1e-2 is enough",
        )
        assert "DATA" not in refused("export", "net.sknet", "data.csv", says=says)  # not comparing is no way out


def test_a_card_on_standard_output(run, model):
    out = run("card", "net.sknet", "data.csv", "--target", "bought", "--name", "Who buys").out
    assert "# Who buys\n" in out
    assert "Predicts `bought`" in out
    assert "- Rows: 120" in out
    assert 'sknet_hp.load("net.sknet")' in out


def test_a_card_in_a_file(run, model, tmp_path):
    assert run("card", "net.sknet", "--out", "CARD.md").out == "The card is in CARD.md\n"
    assert "# NetClassifier" in (tmp_path / "CARD.md").read_text()


def test_a_card_looks_for_the_column_that_is_predicted(refused, model):
    refused("card", "net.sknet", "data.csv", "--target", "bougt", says=("no column 'bougt'", "'bought'"))


def test_a_card_has_the_scores_of_tune(run, tmp_path):
    X, y = make_table(120)
    X.assign(bought=y).to_csv(tmp_path / "data.csv", index=False)
    options = ("--search", "random", "--candidates", "1", "--outer-cv", "2", "--cv", "2")
    assert run("tune", "data.csv", "--target", "bought", "--out", "run", *options).code == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    out = run("card", "run", "data.csv").out
    assert "Predicts `bought`" in out
    assert f"| accuracy | {summary['nested_cv']['mean']:.4f} |" in out
    assert f"off by {100 * summary['nested_cv']['calibration_error']:.1f} %" in out.replace("\xa0", " ")
    for each in summary["beside"][1:]:
        assert f"| {each['name']} | accuracy | {each['mean']:.4f} |" in out
    assert f"| {summary['beside'][0]['name']} |" not in out
    assert "2 models made in the same way, each by a search of its own" in out
    assert all(f"`{finding['code']}`" in out for finding in summary["findings"])


def test_a_card_describes_only_the_table_of_training(run, refused, tmp_path):
    X, y = make_table(120)
    net = NetClassifier(**SMALL).fit(X, y)
    (tmp_path / "run").mkdir()
    sknet_hp.save(net, tmp_path / "run/model.safetensors")
    noted = {"target": "bought", "training_rows": describe_rows(X, y), "settings": {"data": "data.csv"}}
    (tmp_path / "run/summary.json").write_text(json.dumps(noted))
    table = X.assign(bought=y)
    unknown = table.tail(3).assign(bought="?")
    pd.concat([table[::-1], unknown]).to_csv(tmp_path / "data.csv", index=False)  # `tune` leaves rows out, too
    assert "- Rows: 120" in run("card", "run", "data.csv").out
    table.head(60).to_csv(tmp_path / "half.csv", index=False)
    says = ("'half.csv' is not the table", "it has 60 rows (training: 120)", "about 100", "(data.csv)")
    refused("card", "run", "half.csv", "--out", "CARD.md", says=says)
    table.assign(age=table["age"] + 1).to_csv(tmp_path / "new.csv", index=False)
    refused("card", "run", "new.csv", says=("it has 120 rows", "none of them", "or no table"))
    assert "- Rows" not in run("card", "run").out
