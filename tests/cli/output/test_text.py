from types import SimpleNamespace

import pandas as pd

from sknet_hp.cli.output.text import make_console, print_findings, print_ranking, wrap, wrap_lines
from sknet_hp.findings import Finding


def test_findings_come_with_what_to_do(capsys):
    finding = Finding("overfitting", "warning", "It rose.", {"rise": 0.5}, "Use dropout.", {"dropout": 0.3}, "fold 2")
    print_findings(make_console(), [finding])
    assert capsys.readouterr().out == (
        "\nFindings:\n- warning: overfitting, in fold 2\n  It rose.\n  Use dropout.\n  Change: dropout=0.3\n"
    )
    wider = Finding("edge_of_space", "warning", "At 1.", {}, "Widen it.", {"param_distributions": {"lr": [1, 2]}})
    print_findings(make_console(), [wider])
    assert "Change" not in capsys.readouterr().out
    print_findings(make_console(), [])
    assert capsys.readouterr().out == ""


def test_text_fits_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    assert max(map(len, wrap("some words " * 30, indent="  ").splitlines())) <= 50


def test_advice_names_options(capsys):
    advice = (
        "Keep them together with groups=. Test on later ones: TimeSeriesSplit. Score by F1: "
        'scoring=sknet_hp.evaluation.suggest_scoring(y). Take the simplest (refit="one_standard_error").'
    )
    found = Finding("near_ties", "info", "Many are best.", {}, advice, {"refit": "one_standard_error"})
    print_findings(make_console(), [found])
    out = " ".join(capsys.readouterr().out.split())
    assert "with --groups. Test on later ones: --time. Score by F1: --scoring. Take the simplest." in out
    assert "Change:" not in out


def test_prose_is_wrapped_and_tables_are_not(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    table, prose = "  name" + 60 * " " + "0.5", "  " + "word " * 20
    text = wrap_lines(f"{table}\n{prose.rstrip()}")
    first, *rest = text.splitlines()
    assert first == table
    assert len(rest) == 3
    assert all(line.startswith("  word") and len(line) <= 50 for line in rest)


def test_scores_that_are_the_same_in_all_splits_have_no_interval(capsys):
    rows = [("net", 0.8, 0.1, 0.7, 0.9), ("constant", 0.5, 0.0, 0.5, 0.5)]
    ranking = pd.DataFrame(rows, columns=["name", "mean", "sd", "low", "high"])
    contestants = [SimpleNamespace(name=name) for name in ranking["name"]]
    print_ranking(make_console(), SimpleNamespace(metrics=["accuracy"], contestants=contestants, ranking=ranking))
    assert capsys.readouterr().out == (
        "  net       0.8000  (0.7000 to 0.9000)\n  constant  0.5000  (the same in all splits)\n"
    )
