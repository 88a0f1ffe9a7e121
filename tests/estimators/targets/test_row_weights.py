"""What rows count for: those of weight zero are as if absent, only ratios matter, and
class weights are those of the training rows.
"""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import compute_class_weight

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.targets.row_weights import scale_weights
from tests.helpers.small_nets import ESTIMATORS, predict_outputs
from tests.helpers.small_nets import SMALL as FEW_EPOCHS

SMALL = {"width": 16, "max_epochs": 5, "batch_size": 32, "dropout": 0.0, "lr": 1e-2, "random_state": 0}
X, y = make_classification(240, 8, n_informative=5, n_classes=3, flip_y=0.1, random_state=0)
Xr, yr = make_regression(240, 8, noise=5, random_state=0)
PROBLEMS = {NetClassifier: (X, y), NetRegressor: (Xr, yr)}
WEIGHT = np.random.default_rng(0).random(240)
WEIGHT[::3] = 0
KEPT = WEIGHT > 0


def same(a, b):
    assert np.array_equal(a.parameters_, b.parameters_)
    keys = ("train_loss", "valid_loss", "valid_acc", "valid_score")
    assert [[row.get(key) for key in keys] for row in a.history_] == [
        [row.get(key) for key in keys] for row in b.history_
    ]


@pytest.mark.parametrize("Net", PROBLEMS)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"early_stopping": False},
        {"refit_full": True},
        {"batch_size": "auto", "normalization": "batch"},
        {"batch_size": 0.1, "mixup_alpha": 0.5},
        {"lr_schedule": "plateau", "n_members": 2, "init": "auto", "weight_averaging": "swa"},
    ],
)
def test_rows_of_weight_zero_are_as_if_absent(Net, parameters):
    A, b = PROBLEMS[Net]
    net = Net(**SMALL | parameters)
    with_them = net.fit(A, b, sample_weight=WEIGHT)
    states = with_them.parameters_, with_them.history_
    without = Net(**SMALL | parameters).fit(A[KEPT], b[KEPT], sample_weight=WEIGHT[KEPT])
    assert np.array_equal(states[0], without.parameters_)
    same(with_them, without)


@pytest.mark.parametrize("Net", PROBLEMS)
def test_rows_of_weight_zero_in_splits_of_ones_own(Net):
    A, b = PROBLEMS[Net]
    fold = np.where(np.arange(240) < 60, 0, -1)
    with_them = Net(**SMALL, validation_split=PredefinedSplit(fold)).fit(A, b, sample_weight=WEIGHT)
    same(
        with_them,
        Net(**SMALL, validation_split=PredefinedSplit(fold[KEPT])).fit(A[KEPT], b[KEPT], sample_weight=WEIGHT[KEPT]),
    )
    with pytest.raises(ValueError, match="leaves 180 rows of positive weight for training and 0 for validation"):
        Net(**SMALL, validation_split=PredefinedSplit(fold)).fit(A, b, sample_weight=fold != 0)
    own = Net(**SMALL).fit(A, b, sample_weight=WEIGHT, X_val=A[:50], y_val=b[:50])
    same(own, Net(**SMALL).fit(A[KEPT], b[KEPT], sample_weight=WEIGHT[KEPT], X_val=A[:50], y_val=b[:50]))


def test_one_epoch_on_rows_of_positive_weight():
    a = NetClassifier(**SMALL).partial_fit(X, y, classes=np.unique(y), sample_weight=WEIGHT)
    same(a, NetClassifier(**SMALL).partial_fit(X[KEPT], y[KEPT], classes=np.unique(y), sample_weight=WEIGHT[KEPT]))


def test_a_class_of_weight_zero_is_a_class():
    net = NetClassifier(**SMALL, class_weight="balanced").fit(X, y, sample_weight=y != 2)
    assert net.classes_.tolist() == [0, 1, 2]
    assert (net.predict(X) != 2).all()


@pytest.mark.parametrize("Net", PROBLEMS)
@pytest.mark.parametrize("scale", [1000.0, 1e-6, 1e-42, 1e60, 1e300])
def test_only_ratios_of_weights_matter(Net, scale):
    A, b = PROBLEMS[Net]
    weight = np.random.default_rng(1).integers(1, 9, 240)  # such that the ratios are the same in float64
    same(Net(**SMALL).fit(A, b, sample_weight=weight), Net(**SMALL).fit(A, b, sample_weight=weight * scale))


@pytest.mark.parametrize("class_weight", ["balanced", {2: 9.0}])
def test_rows_to_validate_on_have_the_weights_of_the_training_rows_classes(class_weight):
    rare = (y != 2) | (np.arange(240) % 5 == 0)
    A, b = X[rare], y[rare]
    net = NetClassifier(**SMALL | {"max_epochs": 1}, class_weight=class_weight).fit(A, b, X_val=X, y_val=y)
    weight = compute_class_weight(class_weight, classes=np.arange(3), y=b)
    p = net.predict_proba(X)[np.arange(240), y]
    assert net.history_[0]["valid_loss"] == pytest.approx(-np.average(np.log(p), weights=weight[y]), rel=1e-4)
    # Not all classes are there.
    NetClassifier(**SMALL, class_weight=class_weight).fit(A, b, X_val=X[y != 2], y_val=y[y != 2])


def test_nothing_to_learn_from():
    with pytest.raises(ValueError, match="class_weight leaves no row to learn from"):
        NetClassifier(**SMALL, class_weight={0: 0.0}).fit(X, y, sample_weight=y == 0)
    with pytest.raises(ValueError, match="class_weight leaves no row to learn from or to validate on"):
        NetClassifier(**SMALL, class_weight={0: 0.0}).fit(X, y, X_val=X[y == 0], y_val=y[y == 0])


def test_too_few_rows_of_positive_weight():
    with pytest.raises(ValueError, match="n_samples=1 of positive weight is too few; set early_stopping=False"):
        NetClassifier(**SMALL).fit(X, y, sample_weight=np.arange(240) == 7)


def test_weights_are_shares_of_the_largest():
    weight = scale_weights(np.array([0.0, 1e-60, 2.0, 4.0]))
    assert weight.dtype == np.float32
    assert weight.tolist() == [0.0, 0.0, 0.5, 1.0]


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize("normalization", ["none", "layer"])
def test_a_weight_is_a_number_of_rows(problem, Net, normalization):
    """On full batches: weight 0 is a row left out, weight 3 three rows."""
    X, y = problem(Net)
    X = X.copy()
    X[::7, 1] = np.nan
    counts = np.random.default_rng(0).integers(0, 4, len(X))
    parameters = FEW_EPOCHS | {"batch_size": 10_000, "max_epochs": 30, "normalization": normalization, "dropout": 0.0}
    parameters["num_bins"] = 2  # of so few rows, their number decides how many there are
    weighted = Net(**parameters).fit(X, y, sample_weight=counts)
    repeated = Net(**parameters).fit(np.repeat(X, counts, 0), np.repeat(y, counts))
    scale = 1 if Net is NetClassifier else np.std(y)
    np.testing.assert_allclose(predict_outputs(weighted, X) / scale, predict_outputs(repeated, X) / scale, atol=2e-3)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-3)
    unweighted = Net(**parameters).fit(X, y)
    assert np.abs(predict_outputs(weighted, X) - predict_outputs(unweighted, X)).max() / scale > 1e-2


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_weights_of_one_change_nothing(problem, Net):
    X, y = problem(Net)
    one, other = Net(**FEW_EPOCHS).fit(X, y), Net(**FEW_EPOCHS).fit(X, y, sample_weight=np.ones(len(X)))
    np.testing.assert_allclose(predict_outputs(one, X), predict_outputs(other, X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize(
    ("weight", "message"),
    [(np.zeros(200), "zero"), (np.full(200, -1.0), "[Nn]egative"), (np.ones(7), "200"), (np.full(200, np.nan), "NaN")],
)
def test_impossible_weights(problem, Net, weight, message):
    with pytest.raises(ValueError, match=message):
        Net(**FEW_EPOCHS).fit(*problem(Net), sample_weight=weight)
