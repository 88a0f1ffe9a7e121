"""Runs of `lr`, on small tables."""

import json

import numpy as np
import pytest

from sknet_hp import NetClassifier
from sknet_hp.tuning import find_lr

SMALL = ("--target", "label", "--seeds", 1)


@pytest.fixture
def data(table, tmp_path):
    path = tmp_path / "data.csv"
    table.drop(columns="amount").to_csv(path, index=False)
    return path


def test_rate_is_suggested_and_drawn(run, data):
    result = run("lr", data, *SMALL)
    assert result.code == 0, result.err
    assert "Suggested learning rate: " in result.out
    bars = [line for line in result.out.splitlines() if "▪" in line]
    assert len(bars) >= 5
    marks = [line for line in result.out.splitlines() if line.endswith("suggestion")]
    assert len(marks) == 1


def test_json_is_what_python_says(run, data, table):
    found = json.loads(run("lr", data, *SMALL, "--json", "--seed", 4).out)
    X, y = table.drop(columns=["label", "amount"]), table["label"].to_numpy()
    expected = find_lr(NetClassifier(random_state=4), X, y, n_seeds=1, random_state=4)
    assert found["suggestion"] == pytest.approx(expected.suggestion)
    assert found["lr"] == NetClassifier().lr
    assert np.allclose([row["loss"] for row in found["curve"]], expected.curve["loss"])


def test_advice_names_options(run, data):
    assert "--seeds 3 can" in run("lr", data, *SMALL).out


def test_ramp(run, data):
    result = run("lr", data, *SMALL, "--method", "ramp")
    assert result.code == 0, result.err
    assert "1 ramp of at most" in result.out


def test_picture(run, data, tmp_path):
    pytest.importorskip("matplotlib")
    assert run("lr", data, *SMALL, "--plot", "rates.png").code == 0
    assert (tmp_path / "rates.png").read_bytes().startswith(b"\x89PNG")


def test_picture_needs_matplotlib(refused, data, monkeypatch):
    monkeypatch.setattr("sknet_hp.cli.work.lr.find_spec", lambda name: None)
    refused("lr", data, *SMALL, "--plot", "rates.png", says=("--plot needs matplotlib: pip install 'sknet_hp[plot]'",))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--plot", "rates.txt"), "--plot 'rates.txt' does not end in .png, .pdf, .svg"),
        (("--plot", "data.csv"), "does not end in"),
        (("--model", "linear"), "--model linear has no learning rate"),
        (("--model", "forest"), "there is no model 'forest'"),
        (("--method", "valley"), "--method"),
        (("--seeds", 0), "--seeds"),
    ],
)
def test_bad_input(refused, data, arguments, says):
    refused("lr", data, "--target", "label", *arguments, says=(says,))


def test_too_few_rows(run, table, tmp_path):
    table.head(12).to_csv(tmp_path / "data.csv", index=False)
    result = run("lr", "data.csv", "--target", "label")
    assert result.code == 2
    assert "20 rows" in result.err
    assert "Traceback" not in result.err


def test_a_time_that_reading_used_up(run, data):
    result = run("lr", data, "--target", "label", "--time-budget", 0.0001)
    assert result.code == 2
    assert "--time-budget 0.0001 was used up before anything was trained: give more" in result.err
