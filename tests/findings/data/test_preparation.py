"""Tables that were prepared with all rows before they were split."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from sknet_hp.findings.data import find_in_data
from tests.helpers.tables import make_table

X, Y = make_classification(300, 6, random_state=0)
X += 3


def find(X, y=Y):
    return find_in_data(X, y).of("prepared_outside_folds")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("transformer", "severity"),
    [
        (StandardScaler(), "info"),
        (MinMaxScaler(), "info"),
        (RobustScaler(), "info"),
        (PCA(), "warning"),
        (PCA(n_components=4, whiten=True), "info"),
    ],
    ids=str,
)
def test_transformers(transformer, severity, dtype):
    [finding] = find(transformer.fit_transform(X).astype(dtype))
    assert finding.severity == severity


def test_names_keep_their_capitals():
    scaled = StandardScaler().set_output(transform="pandas").fit_transform(pd.DataFrame(X, columns=list("ABCDEF")))
    [finding] = find(scaled)
    assert "('A', 'B', 'C', 'D', 'E' and 1 more)" in finding.message


def test_tables_as_they_are():
    assert find(X) == []
    assert find(np.random.default_rng(0).random((300, 6))) == []  # from 0 to 1 by nature, but not exactly
    assert find(np.random.default_rng(0).normal(size=(300, 6))) == []
    assert find(np.round(np.random.default_rng(0).random((300, 6)))) == []
    scaled_in_a_fold = StandardScaler().fit(X[:240]).transform(X)
    assert find(scaled_in_a_fold) == []


def test_missing_cells():
    gaps = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
    assert find(StandardScaler().fit_transform(gaps))


@pytest.mark.parametrize("of_classes", [True, False])
def test_mean_targets(of_classes):
    frame, labels = make_table(300)
    frame["city"] = np.random.default_rng(3).choice(list("abcdefgh"), 300)
    y = labels if of_classes else frame["age"] ** 2
    encoded = (y == "yes" if of_classes else y).astype(float) if not of_classes else (labels == "yes").astype(float)
    frame["city"] = frame.assign(y=encoded).groupby("city")["y"].transform("mean")
    [finding] = find(frame, y)
    assert finding.severity == "error"
    assert finding.evidence["columns"] == ["'city'"]
