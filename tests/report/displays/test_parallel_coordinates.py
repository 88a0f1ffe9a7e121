import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sknet_hp.report import ParallelCoordinatesDisplay
from sknet_hp.report.parameters import ParameterAxis
from tests.helpers.curves import draw_table

X, y = draw_table()
GRID = {"C": [0.01, 0.1, 1.0, 10.0], "fit_intercept": [True, False]}
RATE = ParameterAxis("lr", "lr", "log", 1e-5, 1.0)
KIND = ParameterAxis("kind", "kind", "choice", choices=("a", "b"))


@pytest.fixture(scope="module")
def search():
    return GridSearchCV(LogisticRegression(), GRID, cv=2).fit(X, y)


def make_display(n=500, n_failed=3):
    rng = np.random.default_rng(0)
    scores = np.sort(rng.normal(size=n))
    scores[:n_failed] = np.nan
    frame = pd.DataFrame(
        {"candidate": range(n), "resource": np.nan, "score": scores, "failed": np.isnan(scores), "best": False}
    ).assign(lr=10 ** rng.uniform(-5, 0, n), kind=rng.choice(["a", "b"], n))
    frame.loc[n - 1, "best"] = True
    return ParallelCoordinatesDisplay(frame, [RATE, KIND])


def get_lines(display):
    return np.array(display.ax_.collections[0].get_segments())


def test_lines_cross_axes_at_their_values():
    display = make_display().plot()
    lines = get_lines(display)
    assert lines.shape == (500, 3, 2)
    np.testing.assert_allclose(lines[:, 0, 1], 1 + np.log10(display.frame["lr"].astype(float)) / 5)


def test_lines_with_the_same_choice_lie_apart_but_nearer_to_it_than_to_others():
    heights = get_lines(make_display().plot())[:, 1, 1]
    assert len(np.unique(heights)) == 500
    assert np.abs(heights[:, None] - [0.25, 0.75]).min(axis=1).max() <= 0.0501


def test_failed_candidates_end_below_the_scores():
    display = make_display().plot()
    assert (get_lines(display)[:3, -1, 1] < 0).all()
    assert "3 of them failed" in " ".join(text.get_text() for text in display.ax_.texts).replace("\n", " ")


def test_a_terrible_score_does_not_bleach_the_rest():
    display = make_display(n_failed=0)
    display.frame.loc[0, "score"] = -1e9
    shares = get_lines(display.plot())[:, -1, 1]
    assert np.median(shares) > 0.3
    assert any(text.get_text().endswith("or worse") for text in display.ax_.texts)


def test_searches_of_scikit_learn_are_drawn(search):
    display = ParallelCoordinatesDisplay.from_search(search)
    assert display.parameters == ["C", "fit_intercept"]
    assert len(get_lines(display)) == 8
    assert ParallelCoordinatesDisplay.from_search(search, parameters=["C"]).parameters == ["C"]


def test_parameters_that_are_not_searched_are_named(search):
    with pytest.raises(ValueError, match=r"candidates differ only in \['C', 'fit_intercept'\]"):
        ParallelCoordinatesDisplay.from_search(search, parameters=["tol"])
    alone = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y)
    with pytest.raises(ValueError, match="do not differ in any parameter"):
        ParallelCoordinatesDisplay.from_search(alone)


def test_what_has_no_value_crosses_below_the_axis():
    display = make_display(20, n_failed=0)
    display.frame.loc[3, "lr"] = None
    lines = get_lines(display.plot())
    assert lines[3, 0, 1] < 0 <= np.delete(lines[:, 0, 1], 3).min()
    assert [text.get_text() for text in display.ax_.texts].count("not set") == 1


def test_equal_scores_have_one_tick():
    display = make_display()
    display.frame["score"] = 0.5
    texts = [text.get_text() for text in display.plot().ax_.texts]
    assert texts.count("0.5") == 1
