"""What `class_weight` does to the loss, and that it does the same from call to call."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.utils.class_weight import compute_sample_weight

from sknet_hp import NetClassifier
from tests.helpers.small_nets import SMALL as FEW_EPOCHS

PLAIN = {"num_embedding": None, "numeric_transform": "none", "dropout": 0, "batch_size": 1000}
SMALL = {"n_layers": 1, "width": 8, "max_epochs": 3, "early_stopping": False, "random_state": 0} | PLAIN


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    return X, np.digitize(X[:, 0] + rng.normal(size=120), [0.5, 1.2])


def same(one, other):
    np.testing.assert_array_equal(one.parameters_, other.parameters_)
    assert one.loss_curve_ == other.loss_curve_


def test_balanced_is_what_scikit_learn_computes(rows):
    X, y = rows
    for labels in (y, np.array(["b", "c", "a"])[y], np.stack([y > 0, y > 1, np.zeros(120)], axis=1).astype(int)):
        same(
            NetClassifier(**SMALL, class_weight="balanced").fit(X, labels),
            NetClassifier(**SMALL).fit(X, labels, compute_sample_weight("balanced", labels)),
        )


def test_balanced_counts_rows_by_their_weight(rows):
    X, y = rows
    weight = np.random.default_rng(1).integers(0, 4, size=120)
    repeated = np.repeat(np.arange(120), weight)
    weighted = NetClassifier(**SMALL, class_weight="balanced").fit(X, y, weight)
    several = NetClassifier(**SMALL, class_weight="balanced").fit(X[repeated], y[repeated])
    np.testing.assert_allclose(weighted.balanced_weight_, several.balanced_weight_)
    np.testing.assert_allclose(weighted.loss_curve_, several.loss_curve_, rtol=1e-4)
    assert np.ptp([weight[y == k].sum() * weighted.balanced_weight_[k] for k in range(3)]) < 1e-9
    # A class without weight weighs nothing.
    none_of_one = NetClassifier(**SMALL, class_weight="balanced").fit(X, y, np.where(y == 1, 0, 1))
    assert np.isfinite(none_of_one.loss_curve_).all()


def test_sparse_labels_are_balanced_as_dense_ones(rows):
    X, y = rows
    labels = np.stack([y > 0, y > 1], axis=1).astype(int)
    dense, thin = (
        NetClassifier(**SMALL, class_weight="balanced").fit(X, each) for each in (labels, sparse.csr_matrix(labels))
    )
    same(dense, thin)


def test_calls_that_go_on_weigh_as_the_first_did(rows):
    X, y = rows
    later = np.flatnonzero(y < 2)[:40]
    first = NetClassifier(**SMALL, class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    weights = first.balanced_weight_.copy()
    by_hand = NetClassifier(**SMALL, class_weight=dict(enumerate(weights.tolist()))).partial_fit(
        X, y, classes=[0, 1, 2]
    )
    same(first.partial_fit(X[later], y[later]), by_hand.partial_fit(X[later], y[later]))
    warm = (
        NetClassifier(**SMALL, class_weight="balanced", warm_start=True)
        .fit(X, y)
        .set_params(max_epochs=5)
        .fit(X[:60], y[:60])
    )
    np.testing.assert_array_equal(warm.balanced_weight_, weights)
    np.testing.assert_array_equal(first.balanced_weight_, weights)
    refitted = NetClassifier(**SMALL | {"early_stopping": True}, class_weight="balanced", refit_full=True).fit(X, y)
    np.testing.assert_array_equal(refitted.balanced_weight_, weights)
    anew = warm.set_params(warm_start=False).fit(X[:60], y[:60])
    assert not np.array_equal(anew.balanced_weight_, weights)
    assert not hasattr(anew.set_params(class_weight=None).fit(X, y), "balanced_weight_")


def test_balanced_needs_a_first_call_with_rows_of_each_class(rows):
    X, y = rows
    some = y < 2
    net = NetClassifier(**SMALL, class_weight="balanced")
    with pytest.raises(ValueError, match=r"no rows of \[2\].*dict"):
        net.partial_fit(X[some], y[some], classes=[0, 1, 2])
    assert net.partial_fit(X, y, classes=[0, 1, 2]).partial_fit(X[some], y[some]).n_iter_ == 2


def test_rows_to_validate_on_are_weighed_as_those_to_train_on(rows):
    X, y = rows
    val = np.flatnonzero(y < 2)[:30]
    weights = dict(enumerate(NetClassifier(**SMALL, class_weight="balanced").fit(X, y).balanced_weight_.tolist()))
    losses = [
        [
            row["valid_loss"]
            for row in NetClassifier(**SMALL, class_weight=each).fit(X, y, X_val=X[val], y_val=y[val]).history_
        ]
        for each in ("balanced", weights)
    ]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("given", ["balanced", {1: 5.0}])
def test_the_loss_and_the_accuracy_of_history_are_weighed_and_a_stopping_metric_is_not(rows, given):
    X, y = rows
    net = NetClassifier(
        **SMALL | {"early_stopping": True, "restore_best": False}, class_weight=given, stopping_metric="accuracy"
    )
    last = net.fit(X, y, X_val=X, y_val=y).history_[-1]
    weight = compute_sample_weight(given, y)
    assert last["valid_loss"] == pytest.approx(log_loss(y, net.predict_proba(X), sample_weight=weight), rel=1e-5)
    assert last["valid_acc"] == pytest.approx(accuracy_score(y, net.predict(X), sample_weight=weight))
    assert last["valid_score"] == accuracy_score(y, net.predict(X))


def test_a_stopping_metric_that_takes_no_weights_is_refused_with_advice_that_helps(rows):
    X, y = rows
    net = NetClassifier(**SMALL | {"early_stopping": True}, stopping_metric="adjusted_rand_score")
    assert "valid_score" in net.fit(X, y).history_[0]
    with pytest.raises(ValueError, match="use 'loss', or a scorer that takes weights"):
        net.fit(X, y, np.arange(120))


def test_a_dict_is_held_against_the_classes_not_against_the_rows_of_a_call(rows):
    X, y = rows
    some = y < 2
    net = NetClassifier(**SMALL, class_weight={2: 5.0}).partial_fit(X[some], y[some], classes=[0, 1, 2])
    same(net, NetClassifier(**SMALL).partial_fit(X[some], y[some], classes=[0, 1, 2]))
    net = NetClassifier(**SMALL, class_weight={2: 5.0}).fit(X, y, X_val=X[some], y_val=y[some])
    assert np.isfinite(net.history_[-1]["valid_loss"])


def test_labels_that_are_digits(rows):
    X, y = rows
    by_text = NetClassifier(**SMALL, class_weight={"0": 1, "1": 2, "2": 3}).fit(X, y.astype(str))
    same(by_text, NetClassifier(**SMALL, class_weight={0: 1, 1: 2, 2: 3}).fit(X, y))


def test_a_dict_with_classes_that_a_fold_lacks_is_read_as_scikit_learn_reads_it(rows):
    X, y = rows
    some = y < 2
    full, part = {0: 1.0, 1: 2.0, 2: 5.0}, {2: 5.0}
    same(
        NetClassifier(**SMALL, class_weight=full).fit(X[some], y[some]),
        NetClassifier(**SMALL, class_weight={1: 2.0}).fit(X[some], y[some]),
    )
    LogisticRegression(class_weight=full).fit(X[some], y[some])
    for each in (NetClassifier(**SMALL, class_weight=part), LogisticRegression(class_weight=part)):
        with pytest.raises(ValueError, match=r"class_weight"):
            each.fit(X[some], y[some])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({0: -1.0}, r"0 or more, got \{0: -1.0\}"),
        ({0: np.nan}, "finite"),
        ({0: np.inf}, "finite"),
        ({0: "much"}, "finite"),
        ({0: 0, 1: 0, 2: 0}, "every class"),
        ({"nought": 2.0}, r"names \['nought'\], not among the classes \[0, 1, 2\] of y, and leaves out \[0, 1, 2\]"),
    ],
)
def test_dicts_that_can_not_be_meant(rows, given, message):
    with pytest.raises(ValueError, match=message):
        NetClassifier(**SMALL, class_weight=given).fit(*rows)


def test_a_dict_where_rows_have_several_labels_is_refused(rows):
    X, y = rows
    with pytest.raises(ValueError, match="may have several labels; use class_weight='balanced'"):
        NetClassifier(**SMALL, class_weight={1: 2.0}).fit(X, np.stack([y > 0, y > 1], axis=1).astype(int))


def test_classes_of_more_weight_are_predicted_more(classes):
    X, y = classes
    rare = np.flatnonzero((y != 2) | (np.arange(200) % 10 == 0))
    X, y = X[rare], y[rare]
    parameters = FEW_EPOCHS | {"max_epochs": 20, "batch_size": 1000, "lr": 1e-2, "init": "torch"}
    recall = {}
    for class_weight in (None, "balanced", {2: 100.0}):
        net = NetClassifier(**parameters, class_weight=class_weight).fit(X, y)
        recall[str(class_weight)] = (net.predict_proba(X)[:, 2]).mean()
    assert recall["None"] < recall["balanced"] < recall[str({2: 100.0})]
    by_hand = np.where(y == 2, 100.0, 1.0)
    one = NetClassifier(**parameters, class_weight={2: 100.0}).fit(X, y).loss_curve_
    np.testing.assert_allclose(one[0], NetClassifier(**parameters).fit(X, y, by_hand).loss_curve_[0], rtol=0.1)
    assert (
        NetClassifier(**parameters, class_weight={"b": 50.0})
        .fit(X, np.array(["a", "b", "c"])[y])
        .predict(X)
        .tolist()
        .count("b")
        > len(X) / 3
    )
