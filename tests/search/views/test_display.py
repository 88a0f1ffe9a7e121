"""Searches in notebooks."""

from sklearn.datasets import load_iris

from sknet_hp.findings import Finding, Findings
from sknet_hp.search import GridSearchCV
from tests.helpers.small_searches import CV, NET, make_network_search

X, y = load_iris(return_X_y=True)


def test_the_summary_stands_under_the_diagram():
    search = make_network_search(random_state=0)
    assert "Best score" not in search._repr_html_()
    html = search.fit(X, y)._repr_html_()
    assert "sk-top-container" in html
    assert f"Best score: {search.best_score_:.4f}" in html
    assert html == search._repr_mimebundle_()["text/html"] or "sk-container-id" in html


def test_findings_stand_in_it():
    search = make_network_search(random_state=0).fit(X, y)
    search.findings_ = Findings([Finding("bad_luck", "warning", "It <rained>.", {}, "Take an umbrella.")])
    assert "<li><b>warning: bad_luck</b> It &lt;rained&gt;. Take an umbrella.</li>" in search._repr_html_()


def test_values_cannot_break_the_page():
    search = GridSearchCV(NET, {"batch_size": [16, 32]}, cv=CV).fit(X, y)
    search.cv_results_["params"][search.best_index_]["batch_size"] = "<script>"
    assert "<pre>" in search._repr_html_()
    assert "&lt;script&gt;" in search._repr_html_()
