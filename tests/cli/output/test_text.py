import pytest

from sknet_hp.cli.output.text import make_console, print_findings, wrap, write_difference, write_number
from sknet_hp.findings import Finding


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.81357, "0.8136"), (-0.00001, "0.0000"), (-55.5, "-55.5000"), (1234.56, "1,235"), (48617.2, "48,617")],
)
def test_scores_have_digits_that_count(value, text):
    assert write_number(value) == text


def test_differences_have_signs():
    assert [write_difference(value) for value in (0.25, -0.25, 20515.9)] == ["+0.2500", "-0.2500", "+20,516"]


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
