import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline

from sknet_hp.report.parameters import ParameterAxis, format_choice, list_settings, read_axes
from tests.helpers.curves import draw_table

X, y = draw_table()


class Searched:
    """What a search leaves behind, without one."""

    def __init__(self, settings, **space):
        self.cv_results_ = {"params": settings, "mean_test_score": np.zeros(len(settings))}
        self.param_distributions, self.own_params_ = space, {}


def read(values, **space):
    return read_axes(Searched([{"a": value} for value in values], **space))


def test_the_space_says_whether_a_scale_is_logarithmic():
    [axis] = read([0.01, 0.02], a=(1e-4, 1.0, "log-uniform"))
    assert (axis.kind, axis.low, axis.high) == ("log", 1e-4, 1.0)
    np.testing.assert_allclose(axis.place([1e-4, 1e-2, 1.0, None]), [0, 0.5, 1, np.nan])
    [axis] = read([0.0001, 0.9], a=stats.uniform(0, 1))
    assert (axis.kind, axis.low, axis.high) == ("linear", 0, 1)
    [axis] = read([0.0001, 0.9], a=stats.loguniform(1e-4, 1))
    assert axis.kind == "log"


def test_without_bounds_values_say_it():
    wide = [10.0**-k for k in range(9)]
    assert [axis.kind for axis in read(wide)] == ["log"]
    assert [axis.kind for axis in read([value - 0.5 for value in wide])] == ["linear"]
    assert [axis.kind for axis in read(list(range(1, 11)))] == ["linear"]


def test_choices_are_in_their_order_with_numbers_first():
    [axis] = read(["auto", 100, 20, None])
    assert axis.kind == "choice"
    assert axis.choices == ("20", "100", "None", "auto")
    np.testing.assert_allclose(axis.place([20, None, "else"]), [1 / 8, 5 / 8, np.nan])


def test_the_bounds_hold_a_first_candidate_from_outside():
    [axis] = read([5.0, 0.5], a=(0.1, 1.0))
    assert axis.high == 5.0


def test_what_does_not_vary_has_no_axis():
    assert read([1, 1]) == []


def test_few_whole_numbers_are_choices_and_many_are_not():
    assert [axis.kind for axis in read([1, 2], a=(1, 4))] == ["choice"]
    assert [axis.kind for axis in read([1, 2], a=(1, 64))] == ["linear"]


def test_what_a_candidate_does_not_set_is_what_the_estimator_has():
    search = Searched([{"C": 0.5}, {"tol": 0.1}])
    search.estimator = LogisticRegression(C=2.0, tol=0.01)
    assert list_settings(search) == [{"C": 0.5, "tol": 0.01}, {"C": 2.0, "tol": 0.1}]


def test_what_is_part_of_a_searched_step_is_left_open():
    search = Searched([{"step": "passthrough"}, {"step": LogisticRegression(), "step__C": 3.0}])
    search.estimator = Pipeline([("step", LogisticRegression())])
    assert "step__C" not in list_settings(search)[0]


def test_steps_of_a_pipeline_are_left_out_where_it_is_clear():
    settings = [{"a__x": k, "b__x": k, "b__y": k} for k in range(2)]
    assert [axis.label for axis in read_axes(Searched(settings))] == ["a__x", "b__x", "y"]


@pytest.mark.parametrize(("value", "text"), [(0.00012345, "0.000123"), (LogisticRegression(), "LogisticRegress…")])
def test_values_are_written_in_a_few_letters(value, text):
    assert format_choice(value) == text


def test_scikit_learns_spaces_are_read():
    grid = GridSearchCV(LogisticRegression(), [{"C": [0.1, 1.0]}, {"tol": [1e-4]}]).fit(X, y)
    assert [axis.name for axis in read_axes(grid)] == ["C"]
    drawn = RandomizedSearchCV(LogisticRegression(), {"C": stats.loguniform(0.1, 10)}, n_iter=3, random_state=0).fit(
        X, y
    )
    assert read_axes(drawn) == [ParameterAxis("C", "C", "log", 0.1, 10.0)]
