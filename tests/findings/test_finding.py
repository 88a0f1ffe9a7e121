"""Findings: their order, their words, and the remedies that they apply."""

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier
from sknet_hp.findings import Finding, Findings
from sknet_hp.search import HalvingSearchCV


def make_finding(**changes):
    return Finding(
        **{
            "code": "rate_too_high",
            "severity": "warning",
            "message": "The loss jumped.",
            "evidence": {"jump": 2.0},
            "advice": "Lower lr.",
            "remedy": {"lr": 1e-4},
            **changes,
        }
    )


def test_a_remedy_changes_a_copy():
    net = NetClassifier(lr=1e-2)
    changed = make_finding().apply(net)
    assert (changed.lr, net.lr) == (1e-4, 1e-2)


def test_a_remedy_finds_the_last_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), NetClassifier())
    assert make_finding().apply(pipeline)[-1].lr == 1e-4
    assert make_finding(remedy={"netclassifier__lr": 1e-4}).apply(NetClassifier()).lr == 1e-4
    assert make_finding(remedy={"step__lr": 1e-4}).apply(pipeline)[-1].lr == 1e-4


def test_a_remedy_of_a_search_changes_the_search():
    search = HalvingSearchCV(NetClassifier(), {"lr": [1e-3]})
    remedy = {"param_distributions": {"lr": [1e-2]}}
    assert make_finding(remedy=remedy).apply(search).param_distributions == {"lr": [1e-2]}


def test_what_can_not_be_applied_is_refused():
    with pytest.raises(ValueError, match="no remedy"):
        make_finding(remedy={}).apply(NetClassifier())
    with pytest.raises(ValueError, match="LinearRegression has no parameter 'lr'"):
        make_finding().apply(LinearRegression())
    with pytest.raises(ValueError, match="severity must be one of"):
        make_finding(severity="bad")


def test_the_worst_comes_first():
    found = Findings([make_finding(severity="info", code="a"), make_finding(severity="error", code="b")])
    assert found.codes == ["b", "a"]
    assert [each.code for each in found.of("a")] == ["a"]
    assert str(found).splitlines()[0] == "error: b: The loss jumped. Lower lr."


def test_html_is_escaped():
    html = Findings([make_finding(message="<script>")])._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "Nothing was found" in Findings()._repr_html_()
