"""The scikit-learn faces: conformance and learning."""

import numpy as np
import pytest
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.small_nets import SMALL

UNEQUAL = {
    f"check_sample_weight_equivalence_on_{kind}_data": "minibatches: a repeated row meets other rows than a weighted "
    "one; see targets/test_row_weights.py"
    for kind in ("dense", "sparse")
}


@parametrize_with_checks(
    [NetClassifier(max_epochs=20), NetRegressor(max_epochs=20)],
    expected_failed_checks=lambda estimator: UNEQUAL,
)
def test_scikit_learn_conformance(estimator, check):
    check(estimator)


def test_classifier_learns(classes):
    X, y = classes
    net = NetClassifier(random_state=0).fit(X[:150], y[:150])
    assert net.score(X[150:], y[150:]) > 0.7
    probabilities = net.predict_proba(X)
    assert probabilities.shape == (200, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    assert (net.classes_[probabilities.argmax(1)] == net.predict(X)).all()
    assert log_loss(y[150:], probabilities[150:]) < 0.9


def test_regressor_learns_targets_of_any_scale(numbers):
    X, y = numbers
    for scale, shift in [(1, 0), (1e-6, 0), (1e9, -1e10)]:
        net = NetRegressor(max_epochs=60, random_state=0).fit(X[:150], scale * y[:150] + shift)
        assert net.score(X[150:], scale * y[150:] + shift) > 0.9
    for scale in (1e-200, 1e200):  # whose squares are zero, or infinite
        net = NetRegressor(max_epochs=60, random_state=0).fit(X[:150], scale * y[:150])
        assert r2_score(y[150:], net.predict(X[150:]) / scale) > 0.9


def test_constant_target():
    X = np.random.default_rng(0).standard_normal((50, 3))
    np.testing.assert_allclose(
        NetRegressor(**SMALL | {"max_epochs": 30}, lr=1e-2).fit(X, np.full(50, 7.0)).predict(X), 7, atol=0.5
    )
    assert (NetClassifier(**SMALL).fit(X, ["a"] * 50).predict(X) == "a").all()


def test_multi_output_regression(numbers):
    X, y = numbers
    Y = np.c_[y, -y, 1000 + 0 * y, 1e4 * X[:, 0]]
    net = NetRegressor(max_epochs=60, random_state=0).fit(X[:150], Y[:150])
    assert net.predict(X).shape == (200, 4)
    for k in (0, 1, 3):
        one = net.predict(X[150:])[:, k]
        assert 1 - ((one - Y[150:, k]) ** 2).mean() / Y[150:, k].var() > 0.9
    np.testing.assert_allclose(net.predict(X)[:, 2], 1000, atol=1)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_a_single_target_is_predicted_in_one_dimension(numbers, shape):
    X, y = numbers
    if shape == (-1,):
        net = NetRegressor(**SMALL).fit(X, y)
    else:
        with pytest.warns(DataConversionWarning, match="column-vector"):
            net = NetRegressor(**SMALL).fit(X, y.reshape(shape))
    assert net.predict(X).shape == (200,)


@pytest.mark.parametrize("normalization", [None, "none", "batch", "layer"])
@pytest.mark.parametrize("activation", [None, "relu", "mish"])
def test_none_is_a_choice(classes, normalization, activation):
    X, y = classes
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    net = NetClassifier(normalization=normalization, activation=activation, random_state=0).fit(X_train, y_train)
    assert net.score(X_test, y_test) > 0.5
