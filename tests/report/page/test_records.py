"""Pages of evaluations of which only the journal is known."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from sknet_hp.evaluation import compare, nested_cross_validate, read_journal
from sknet_hp.report import report
from sknet_hp.report.page.subjects.evaluation_record import _make_folds, _make_searches
from sknet_hp.search.views.metric import Metric
from tests.helpers.html_pages import Page
from tests.helpers.small_searches import make_network_search

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """An evaluation of a search by an error, and the record of its journal."""
    path = tmp_path_factory.mktemp("journal") / "score"
    search = make_network_search(scoring="neg_log_loss")
    result = nested_cross_validate(search, X, y, cv=2, scoring="neg_log_loss", random_state=0, journal=path)
    return result, read_journal(path)


def test_it_says_what_the_evaluation_says(evaluated, tmp_path):
    result, record = evaluated
    page = Page(report(record, tmp_path / "page.html"))
    assert page.headings[0] == "Evaluation of search"
    assert f"{-result.get_scores().mean():.4f} Log loss (lower is better)" in page.text


def test_folds_have_the_numbers_of_the_table_and_no_columns_that_say_nothing(evaluated):
    _, record = evaluated
    table = _make_folds(record.table, [Metric("neg_log_loss")])
    assert table.columns == ["Fold", "Log loss", "Score of the search", "Fit time (s)"]
    assert [row[0].text for row in table.rows] == ["0", "1"]


def test_best_scores_of_searches_can_be_sorted(evaluated):
    result, record = evaluated
    [[table]] = [section.blocks for section in _make_searches(record)]
    assert [row[-1].key for row in table.rows] == pytest.approx(-result.inner_scores)
    assert all(row[-1].text == f"{row[-1].key:.4f}" for row in table.rows)


def test_several_models_have_their_names(tmp_path):
    models = LogisticRegression(C=0.1, random_state=0), LogisticRegression(random_state=0)
    compare(*models, X=X, y=y, names=["strict", "lenient"], cv=2, random_state=0, journal=tmp_path / "journal")
    record = read_journal(tmp_path / "journal")
    assert Page(report(record, tmp_path / "page.html")).headings[0] == "Evaluation of strict and lenient"
    table = _make_folds(record.table, [Metric("accuracy")])
    assert table.columns[:2] == ["Name", "Fold"]
    assert np.unique([row[0].text for row in table.rows]).tolist() == ["lenient", "strict"]
