"""Every kind of labels, and how they are scored."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from sknet_hp import NetClassifier
from tests.helpers.small_nets import SMALL

LABELS = {
    "strings": np.array(["no", "yes", "perhaps"]),
    "objects": np.array(["no", "yes", "perhaps"], dtype=object),
    "far apart": np.array([-7, 3, 1000]),
    "floats": np.array([0.0, 1.0, 2.0]),
    "booleans": np.array([False, True, True]),
    "small integers": np.array([0, 1, 2], dtype=np.int8),
    "unsigned": np.array([0, 1, 255], dtype=np.uint8),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind(classes, kind):
    X, codes = classes
    y = LABELS[kind][codes]
    net = NetClassifier(**SMALL).fit(X, y)
    assert (net.classes_ == np.unique(y)).all()
    predicted = net.predict(X)
    assert predicted.dtype == net.classes_.dtype
    assert set(predicted) <= set(y)
    assert net.score(X, y) > 0.5
    for same in (y.tolist(), pd.Series(y)):
        assert (NetClassifier(**SMALL).fit(X, same).predict(X) == predicted).all()


@pytest.mark.parametrize("kind", LABELS)
def test_the_score_is_the_accuracy(classes, kind):
    X, codes = classes
    y = LABELS[kind][codes]
    net = NetClassifier(**SMALL).fit(X, y)
    weight = np.linspace(0, 1, len(y))
    for rows in (slice(None), slice(0, 7)):
        assert net.score(X[rows], y[rows]) == accuracy_score(y[rows], net.predict(X[rows]))
        assert net.score(X[rows], y[rows].tolist()) == accuracy_score(y[rows], net.predict(X[rows]))
    assert net.score(X, y, weight) == accuracy_score(y, net.predict(X), sample_weight=weight)
    with pytest.raises(ValueError, match="inconsistent"):
        net.score(X, y[:-1])


def test_the_score_of_several_labels_a_row(classes):
    X, codes = classes
    Y = np.column_stack([codes > 0, codes == 1]).astype(int)
    net = NetClassifier(**SMALL).fit(X, Y)
    assert net.score(X, Y) == accuracy_score(Y, net.predict(X))
    with pytest.raises(ValueError, match="mix"):
        net.score(X, Y[:, 0])


def test_labels_do_not_change_what_is_learned(classes):
    """Only the order of the classes counts."""
    X, codes = classes
    one = NetClassifier(**SMALL).fit(X, codes).predict_proba(X)
    assert np.array_equal(one, NetClassifier(**SMALL).fit(X, np.array(["a", "b", "c"])[codes]).predict_proba(X))
