import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor

from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.evaluation.levels.target import read_target
from sknet_hp.evaluation.running.data import read_data

X = np.arange(20.0)[:, None]
COLUMN = pd.DataFrame({"price": np.arange(20.0)})


@pytest.mark.parametrize("y", [COLUMN, COLUMN.to_numpy()])
def test_a_single_column_is_one_target(y):
    assert np.shape(read_target(read_data(X, y), [Ridge()]).y) == (20,)


def test_it_keeps_its_name():
    result = nested_cross_validate(Ridge(), X, COLUMN, cv=2)
    assert result.target_name == "price"
    assert "y" in result.predictions


@pytest.mark.parametrize(
    "wrap", [lambda each: each, lambda each: GridSearchCV(each, {"estimator__alpha": [1.0]}, cv=2)]
)
def test_who_wants_columns_gets_them(wrap):
    search = wrap(MultiOutputRegressor(Ridge()))
    assert np.shape(read_target(read_data(X, COLUMN), [search]).y) == (20, 1)
    assert nested_cross_validate(search, X, COLUMN, cv=2).mean > 0.9


@pytest.mark.parametrize("y", [["a"] * 20, np.zeros(20), pd.DataFrame({"y": [True] * 20})])
def test_the_same_in_all_rows_is_refused(y):
    with pytest.raises(ValueError, match=r"y is the same in all 20 rows .*: there is nothing to learn"):
        nested_cross_validate(DummyClassifier(), X, y, cv=2)
