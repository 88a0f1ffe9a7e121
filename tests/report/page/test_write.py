"""The page of a search: what it says, and what it must not do."""

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier
from sknet_hp.evaluation import compare, make_baseline, nested_cross_validate, repeat_over_seeds
from sknet_hp.formatting.values import format_value
from sknet_hp.report import report
from sknet_hp.report.page.render import mark_code
from sknet_hp.report.page.subjects.candidates import make_candidates
from sknet_hp.report.page.subjects.evaluation import _make_choices, _make_folds
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.search import (
    _answer_chosen,
    _answer_how_good,
    _answer_how_sure,
    _answer_next,
    _list_near,
    describe_search,
)
from sknet_hp.report.page.subjects.view import SearchView
from sknet_hp.tuning.guided.reports import StageReport
from tests.helpers.html_pages import Page
from tests.helpers.small_searches import make_network_search

EVIL = '</script><script>alert("x")</script>'


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({EVIL: rng.normal(size=80), "b": rng.normal(size=80)})
    return X, np.where(X["b"] > 0, EVIL, "no")


@pytest.fixture(scope="module")
def search(data):
    return make_network_search().fit(*data)


@pytest.fixture(scope="module")
def page(search, data, tmp_path_factory):
    X, y = data
    return Page(report(search, tmp_path_factory.mktemp("page") / "new" / "report.html", X=X, y=y))


def test_the_answers_come_first(page, search):
    questions = ["How good is it?", "How sure is that?", "What was chosen?", "Can it be trusted?", "What next?"]
    assert page.headings[1 : 1 + len(questions)] == questions
    assert f"{search.best_score_:.4f}" in page.text
    assert page.headings.index("Candidates") > page.headings.index("What next?")


def test_names_cannot_become_elements(page):
    """Names of columns and classes may be anything; here they would start a script."""
    assert EVIL in page.text
    assert not any("alert" in script for script in page.scripts)


def test_the_code_makes_the_same_search(page, search, data):
    [code] = [code for code in page.codes if "search.fit(X, y)" in code]
    X, y = data
    names = {"X": X, "y": y}
    exec(code, names)
    assert names["search"].best_params_ == search.best_params_
    np.testing.assert_array_equal(names["search"].cv_results_["mean_test_score"], search.cv_results_["mean_test_score"])


def test_the_code_makes_the_same_evaluation(data, tmp_path):
    X, y = data
    search = make_network_search()
    cv = StratifiedKFold(3, shuffle=True, random_state=1)
    result = nested_cross_validate(search, X, y, cv=cv, scoring=["accuracy", "neg_log_loss"], random_state=0)
    again = run_code(Page(report(result, tmp_path / "page.html")), data)
    assert again.get_scores("neg_log_loss").tolist() == result.get_scores("neg_log_loss").tolist()


def run_code(page, data):
    """What the program of a page comes to, on the same data."""
    [code] = [code for code in page.codes if "result =" in code]
    names = dict(zip(("X", "y"), data, strict=True))
    exec(code, names)
    return names["result"]


def test_the_code_makes_the_same_comparison(data, tmp_path):
    """Of an evaluation, an estimator and a baseline, with what was given by name."""
    cv = StratifiedKFold(3, shuffle=True, random_state=1)
    result = nested_cross_validate(make_network_search(), *data, cv=cv, random_state=0)
    rest = (LogisticRegression(C=0.1), make_baseline("constant", "classification"))
    comparison = compare(
        result, *rest, X=data[0], y=data[1], names=["net", "line", "constant"], rope=0.02, random_state=3
    )
    page = Page(report(comparison, tmp_path / "page.html"))
    again = run_code(page, data)
    pd.testing.assert_frame_equal(again.table, comparison.table)
    assert "Fingerprint" in page.text
    assert "this code gives the same numbers" in page.text


def test_the_code_of_scores_compares_them(tmp_path):
    comparison = compare([0.8, 0.82, 0.85], {"test_score": np.array([0.7, 0.9, 0.8])}, n_train=80, n_test=[40, 40, 41])
    page = Page(report(comparison, tmp_path / "page.html"))
    pd.testing.assert_frame_equal(run_code(page, (None, None)).table, comparison.table)
    assert "Fingerprint" not in page.text


def test_each_metric_of_a_comparison_has_its_verdicts_and_its_words(tmp_path):
    """Names of models stay as they are; an error is a positive number."""
    a = {"test_roc_auc": np.array([0.9, 0.92, 0.91]), "test_neg_log_loss": np.array([-0.2, -0.21, -0.2])}
    b = {"test_roc_auc": np.array([0.9, 0.91, 0.92]), "test_neg_log_loss": np.array([-0.5, -0.52, -0.5])}
    page = Page(report(compare(a, b, n_train=80, n_test=40, names=["net_a", "net_b"]), tmp_path / "page.html"))
    assert page.headings[1:5] == ["Which is better?", "Area under the ROC curve", "Log loss", "How good is each?"]
    assert "net_a is better than net_b." in page.text
    assert "Log loss: by how much the first is better" in page.text
    assert "0.5067" in page.text
    ours = report(compare(a, b, n_train=80, n_test=40, names=["tuned network", "linear"]), tmp_path / "page.html")
    assert "Tuned network is better than linear." in Page(ours).text
    assert "neg_log_loss" not in page.text.replace(" ".join(page.codes[0].split()), "")


def test_the_code_makes_the_same_seeds(data, tmp_path):
    estimator = RandomForestClassifier(3, random_state=0)
    result = repeat_over_seeds(estimator, *data, n_seeds=3, cv=2, scoring="neg_log_loss", random_state=7)
    page = Page(report(result, tmp_path / "page.html"))
    pd.testing.assert_frame_equal(run_code(page, data).table, result.table)
    assert "Fingerprint" in page.text
    assert ", ".join(map(str, result.seeds)) in page.text


def test_code_that_cannot_give_the_same_numbers_says_so(data, tmp_path):
    """Folds were shuffled without a seed; splits of rows are too long to be written."""
    forest = RandomForestClassifier(3)
    shuffled = Page(report(repeat_over_seeds(forest, *data, n_seeds=2, cv=2), tmp_path / "page.html"))
    assert "not every random_state is set" in shuffled.text
    splits = list(StratifiedKFold(2).split(*data))
    page = Page(report(repeat_over_seeds(forest, *data, n_seeds=2, cv=splits, random_state=0), tmp_path / "page.html"))
    assert "define them first: cv" in page.text
    assert any("cv=cv" in code for code in page.codes)


def test_a_search_gives_the_same_numbers_only_if_its_estimator_has_a_seed(data, tmp_path):
    seeded, unseeded = (
        Page(
            report(GridSearchCV(NetClassifier(max_epochs=1, random_state=seed), {"width": [4]}, cv=2).fit(*data), path)
        )
        for seed, path in ((0, tmp_path / "a.html"), (None, tmp_path / "b.html"))
    )
    assert "this code gives the same numbers" in seeded.text
    assert "not every random_state is set" in unseeded.text


def test_a_comparison_with_a_timed_search_depends_on_the_machine(data, tmp_path):
    cv = StratifiedKFold(2, shuffle=True, random_state=1)
    search = make_network_search().set_params(time_budget=60.0)
    result = nested_cross_validate(search, *data, cv=cv, random_state=0)
    comparison = compare(result, LogisticRegression(random_state=0), X=data[0], y=data[1], random_state=0)
    text = Page(report(comparison, tmp_path / "page.html")).text
    assert "Because of its time budget" in text


def test_the_code_makes_what_pipelines_hold(data, tmp_path):
    """A selector of columns is no estimator, and has no repr that is code."""
    chosen = make_column_selector(pattern="b")
    columns = ColumnTransformer([("scale", StandardScaler(), chosen)])
    pipeline = make_pipeline(columns, LogisticRegression(random_state=0))
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2).fit(*data)
    page = Page(report(search, tmp_path / "page.html"))
    [code] = [code for code in page.codes if "search.fit(X, y)" in code]
    assert 'make_column_selector(pattern="b")' in code
    names = dict(zip(("X", "y"), data, strict=True))
    exec(code, names)
    np.testing.assert_array_equal(names["search"].cv_results_["mean_test_score"], search.cv_results_["mean_test_score"])


@pytest.mark.parametrize("estimator", [LogisticRegression(random_state=0), make_pipeline(LogisticRegression())])
def test_the_model_is_saved_as_it_can_be(estimator, data, tmp_path, monkeypatch):
    """`save` takes pipelines, but no other estimators of scikit-learn."""
    search = GridSearchCV(estimator, [{}], cv=2).fit(*data)
    [code] = [code for code in Page(report(search, tmp_path / "page.html")).codes if "X_new" in code]
    monkeypatch.chdir(tmp_path)
    exec(code, {"search": search, "X_new": data[0]})
    assert list(tmp_path.glob("model.*"))


def test_a_report_is_replaced_and_other_files_are_not(search, tmp_path):
    path = tmp_path / "page.html"
    report(search, path, title="first")
    report(search, path, title="second")
    assert Page(path).headings[0] == "second"
    path.write_text("somebody's notes")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        report(search, path)
    report(search, path, overwrite=True)
    assert list(tmp_path.iterdir()) == [path]


def test_searches_of_scikit_learn_have_a_page(data, tmp_path):
    X, y = data
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, scoring="neg_log_loss", cv=2).fit(X, y)
    text = Page(report(search, tmp_path / "page.html")).text
    assert "Log loss (lower is better)" in text
    assert f"{-search.best_score_:.4f}" in text


def test_sureness_of_a_search_is_what_its_scores_can_be(search):
    view = SearchView(search)
    view.scores = np.tile([[0.7, 0.9]], (len(view.means), 1))
    assert view.compute_interval(0) == (0, 1)  # an accuracy; the t interval reaches from -0.9 to 2.5


def test_ties_are_counted_as_by_the_finding(search):
    """Up to the first that is worse, though one behind it may be near again."""
    view = SearchView(search)
    last = view.latest[view.n_resources[view.latest] == view.n_resources.max()][:3]
    view.latest = last
    view.scores[last] = [[0.9, 0.7], [0.84, 0.64], [0.55, 0.9]]
    view.means[last] = view.scores[last].mean(axis=1)
    assert _list_near(view, last[0]) == []  # the second is worse in both splits by as much
    view.scores[last[1]] = [0.8, 0.72]
    assert _list_near(view, last[0]) == list(last[1:])


def test_candidates_that_scored_better_than_the_chosen_one_are_counted(search):
    """Of guided tuning, say, which takes a change only if its gain exceeds noise."""
    view = SearchView(copy(search))
    last = view.latest[view.n_resources[view.latest] == view.n_resources.max()][:3]
    view.latest = last
    view.scores[last] = [[0.9, 0.7], [0.8, 0.72], [0.55, 0.9]]
    view.means[last] = view.scores[last].mean(axis=1)
    view.search.best_index_ = last[1]
    [scores, better, near] = [block.text for block in _answer_how_sure(view).blocks]
    assert scores.endswith("lie between 0.7200 and 0.8000.")
    assert better.startswith("1 other candidate scored better in the same splits (up to 0.8000)")
    assert near.startswith("1 other candidate is within one standard error")


def test_a_gain_is_weighed_against_the_noise_of_the_splits(search):
    view = SearchView(copy(search))
    last = view.latest[view.n_resources[view.latest] == view.n_resources.max()][:2]
    view.search.best_index_, view.untuned = last
    view.scores[last] = [[0.9, 0.7], [0.88, 0.66]]
    view.means[last] = view.scores[last].mean(axis=1)
    [better] = _answer_how_good(view, Extras())[0].blocks
    assert better.text.endswith("is 0.0300 higher, more than the noise of the splits (standard error 0.0100).")
    view.scores[last[1]] = [0.8, 0.74]
    view.means[last] = view.scores[last].mean(axis=1)
    [equal] = _answer_how_good(view, Extras())[0].blocks
    assert "no more than the noise" in equal.text


def test_candidates_have_a_value_for_each_parameter(search):
    """What they left as it was is the estimator's own; what was changed comes first."""
    view = SearchView(copy(search))
    view.results = {name: list(column) for name, column in view.results.items()}
    view.search.cv_results_ = view.results
    k = view.best
    view.results["params"] = [{"width": 8, "lr": 0.5} if row == k else {"lr": 0.1} for row in range(len(view.means))]
    view.search.estimator = view.search.estimator.__class__(width=8)
    [table] = make_candidates(view).blocks
    lr, width = table.columns.index("lr"), table.columns.index("width")
    assert lr < width
    assert {row[width].text for row in table.rows} == {"8"}
    assert "estimator's own" in table.note


def test_outer_searches_that_had_less_time_make_the_score_cautious(search, data):
    evaluation = nested_cross_validate(make_network_search().set_params(time_budget=40.0), *data, cv=2, random_state=0)
    timed = copy(search)
    timed.time_budget = 80.0
    [said] = [
        answer for answer in describe_search(timed, Extras(evaluation=evaluation)).answers if "sure" in answer.question
    ]
    assert "had 40 s, the one on all rows 1 min 20 s, so the score is rather cautious" in said.blocks[-1].entries[-1]

    evaluation = copy(evaluation)
    evaluation.search = make_network_search().set_params(time_budget=80.0)
    evaluation.settings = {"time_budget": 60.0}  # for all of them
    [said] = [each for each in describe_search(timed, Extras(evaluation=evaluation)).answers if "sure" in each.question]
    assert "had 30 s," in said.blocks[-1].entries[-1]


def test_what_was_stopped_is_no_result_yet(search):
    view = SearchView(copy(search))
    view.search.state = "unfinished"
    view.search.best_index_ = view.untuned = view.latest[0]
    assert "best of all" in (text := _answer_how_good(view, Extras())[0].blocks[0].text)
    assert text.endswith("so far.")
    assert "the same call with the same journal continues it" in _answer_next(view, Extras()).blocks[0].text
    view.latest = view.latest[:1]
    assert _answer_how_good(view, Extras())[0].blocks[0].text.startswith("Only the untuned estimator was scored")


def test_an_evaluation_alone_says_how_to_tell_whether_it_is_good(data, tmp_path):
    result = nested_cross_validate(make_network_search(), *data, cv=2, random_state=0, scoring="neg_log_loss")
    page = Page(report(result, tmp_path / "page.html"))
    [code] = [code for code in page.codes if "make_baseline" in code]
    names = {"X": data[0], "y": data[1], "result": result, "search": result.search}
    exec(code, names)
    assert [each.name for each in names["comparison"].contestants][1:] == ["NetClassifier", "DummyClassifier"]
    page = Page(report(result, tmp_path / "page.html", next_steps={"Go on:": "a-command --of-a-shell"}))
    assert not any("make_baseline" in code for code in page.codes)


def test_folds_have_a_value_for_each_parameter(data):
    """Searches may name only what they changed: the rest is the estimator's own."""
    result = nested_cross_validate(make_network_search(), *data, cv=2, random_state=0)
    first, second = result.outcomes
    name = next(iter(first.params))
    result.outcomes = [first, replace(second, params={})]
    [table] = _make_choices(result)
    assert table.columns == ["Parameter", "Fold 0", "Fold 1"], "as the evaluation's table numbers them"
    [row] = [row for row in table.rows if row[0].text == name]
    assert row[1].text == format_value(first.params[name])
    assert row[2].text == format_value(result.search.estimator.get_params()[name])
    assert "untuned estimator's" in table.note
    assert not any(column in first.params for column in _make_folds(result).columns)


def test_guided_tuning_that_used_its_time_has_no_warning_of_it(search):
    timed = copy(search)
    timed.stopped_ = "time_budget"
    assert "stopped early" in describe_search(timed, Extras()).notice
    timed.stages_ = [StageReport("untuned")]
    page = describe_search(timed, Extras())
    assert page.notice == ""
    assert page.subtitle.endswith("all the time it was given.")


def test_guided_tuning_has_no_column_of_what_was_searched(search):
    view = SearchView(copy(search))
    [with_space, *_] = _answer_chosen(view).blocks
    view.search.stages_ = [StageReport("untuned")]
    [without, *_] = _answer_chosen(view).blocks
    assert with_space.columns == [*without.columns, "Searched"]


def test_counts_beside_an_evaluation_say_of_which_search_they_are(search, data):
    evaluation = nested_cross_validate(make_network_search(), *data, cv=2, random_state=0)
    alone, beside = (describe_search(search, Extras(evaluation=each)).subtitle for each in (None, evaluation))
    assert beside == f"The search on all rows: {alone}"


def test_a_number_stays_with_its_percent_sign_but_code_stays_code():
    assert mark_code("in 2 min 5 s, 3 small") == "in 2\u00a0min 5\u00a0s, 3 small"
    assert mark_code("95 % of `n % 2`, `5 % 2` & more") == (
        "95\u00a0% of <code>n % 2</code>, <code>5 % 2</code> &amp; more"
    )


def test_what_is_no_result_is_refused(tmp_path):
    with pytest.raises(NotFittedError, match="call `fit` before"):
        report(make_network_search(), tmp_path / "page.html")
    with pytest.raises(TypeError, match="DummyClassifier"):
        report(DummyClassifier(), tmp_path / "page.html")
    with pytest.raises(IsADirectoryError, match=r"report\.html"):
        report(make_network_search(), tmp_path)
