from sknet_hp.cli.output.text import make_console, print_findings, wrap, wrap_lines
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
