"""scikit-learn's own tests of its multilayer perceptrons, with our networks in their
place; and what they have found.
"""

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression
from sklearn.linear_model import PoissonRegressor

from sknet_hp import NetClassifier, NetRegressor
from tests.conformance.suites import run

SMALL = {"width": 16, "max_epochs": 5, "early_stopping": False, "random_state": 0}


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("company", [[], ["fused_adapter"]], ids=["serial", "fused"])
def test_passes_with_our_networks(company):
    ran = run("sklearn.neural_network.tests.test_mlp", "mlp_adapter", *company)
    assert ran.failed == 0, ran.report
    assert ran.passed >= 38, ran.report  # none may drop out unseen


# ---- found, and since then ours ------------------------------------------------------------------------------------


def test_partial_fit_refuses_other_classes_than_before():
    """They were ignored."""
    net = NetClassifier(**SMALL).partial_fit([[3, 2]], [0], classes=[0, 1])
    with pytest.raises(ValueError, match=r"classes=\[1, 2\] are not the classes \[0, 1\]"):
        net.partial_fit([[3, 2]], [1], classes=[1, 2])
    before = net.parameters_.copy()
    net.partial_fit([[3, 2]], [1], classes=[1, 0])
    assert not np.array_equal(net.parameters_, before)


def test_partial_fit_of_several_labels_refuses_other_classes_than_before():
    X, y = make_multilabel_classification(50, random_state=0)
    net = NetClassifier(**SMALL).partial_fit(X, y, classes=range(5))
    net.partial_fit(X, y, classes=range(5))
    with pytest.raises(ValueError, match="not the classes"):
        net.partial_fit(X, y, classes=range(6))
    with pytest.raises(ValueError, match="not the classes"):
        NetClassifier(**SMALL).partial_fit(X, y, classes=range(4))


def test_logarithms_of_probabilities():
    X, y = load_iris(return_X_y=True)
    net = NetClassifier(**SMALL).fit(X, y)
    np.testing.assert_array_equal(net.predict_log_proba(X), np.log(net.predict_proba(X)))
    net.parameters_ *= 1e3
    assert net.predict_proba(X).min() == 0
    assert net.predict_log_proba(X).min() == -np.inf


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_metric_that_is_not_a_number_stops_nothing():
    """The first epoch passed for the best, and training ended `patience` epochs later."""
    X, y = make_regression(n_samples=2, n_features=5, random_state=0)
    with pytest.raises(
        ValueError,
        match=r"stopping_metric='r2' can not be computed on the 1 rows held out \(the score is not a number\)",
    ):
        NetRegressor(stopping_metric="r2", random_state=0).fit(X, y)


def test_poisson_loss_without_hidden_layers_is_the_generalised_linear_model():
    generator = np.random.default_rng(0)
    X = np.linspace(0, 1, 100)[:, None]
    y = generator.poisson(np.exp(X[:, 0] + 1))
    model = PoissonRegressor(alpha=0, tol=1e-7).fit(X, y)
    common = {
        "n_layers": 0,
        "num_embedding": "none",
        "dropout": 0.0,
        "weight_decay": 0.0,
        "early_stopping": False,
        "random_state": 0,
    }
    common |= {"batch_size": 100, "max_epochs": 1000, "lr": 0.01}
    net = NetRegressor(loss="poisson", **common).fit(X, y)
    np.testing.assert_allclose(net.predict(X), model.predict(X), rtol=1e-2)
    squares = NetRegressor(**common).fit(X, y)
    assert not np.allclose(squares.predict(X), model.predict(X), rtol=1e-2)
