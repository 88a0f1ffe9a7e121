"""The scikit-learn faces: conformance, every kind of input, continuation, and errors that help."""

import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.split import split_rows

SMALL = {"width": 16, "max_epochs": 5, "early_stopping": False, "random_state": 0}
UNEQUAL = {
    f"check_sample_weight_equivalence_on_{kind}_data": "minibatches: a repeated row meets other rows than a weighted one; on full batches see below"
    for kind in ("dense", "sparse")
}


@parametrize_with_checks(
    [NetClassifier(max_epochs=20), NetRegressor(max_epochs=20)],
    expected_failed_checks=lambda estimator: UNEQUAL,
)
def test_scikit_learn_conformance(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def classes():
    X, y = make_classification(200, 6, n_informative=4, n_classes=3, random_state=0)
    return X, y


@pytest.fixture(scope="module")
def numbers():
    return make_regression(200, 6, n_informative=4, noise=5, random_state=0)


ESTIMATORS = [pytest.param(NetClassifier, id="classifier"), pytest.param(NetRegressor, id="regressor")]


@pytest.fixture
def problem(request, classes, numbers):
    return lambda Net: classes if Net is NetClassifier else numbers


def outputs(net, X):
    return net.predict_proba(X) if isinstance(net, NetClassifier) else net.predict(X)


# ---- learning ------------------------------------------------------------------------------------------------------


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
    np.testing.assert_allclose(NetRegressor(**SMALL | {"max_epochs": 30}, lr=1e-2).fit(X, np.full(50, 7.0)).predict(X), 7, atol=0.5)
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


# ---- labels and tables ---------------------------------------------------------------------------------------------

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


def test_labels_do_not_change_what_is_learned(classes):
    """Only the order of the classes counts."""
    X, codes = classes
    one = NetClassifier(**SMALL).fit(X, codes).predict_proba(X)
    assert np.array_equal(one, NetClassifier(**SMALL).fit(X, np.array(["a", "b", "c"])[codes]).predict_proba(X))


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize(
    "convert", [list, np.asarray, np.float32, pd.DataFrame, np.asfortranarray], ids=["list", "float64", "float32", "pandas", "Fortran"]
)
def test_tables_of_numbers(problem, Net, convert):
    X, y = problem(Net)
    X = np.float64(np.float32(X))  # so that float32 is the same table
    table = X.tolist() if convert is list else convert(X)
    if convert is pd.DataFrame:
        table.columns = [f"c{i}" for i in range(X.shape[1])]
    expected = Net(**SMALL).fit(X, y)
    net = Net(**SMALL).fit(table, y)
    np.testing.assert_allclose(outputs(net, table), outputs(expected, X), rtol=1e-3, atol=1e-4)
    assert net.n_features_in_ == 6


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool])
def test_tables_of_integers(classes, dtype):
    _, y = classes
    X = (y[:, None] == np.arange(3)).astype(dtype)
    assert NetClassifier(**SMALL | {"max_epochs": 30}, lr=1e-2).fit(X, y).score(X, y) == 1


def mixed_frame(n=240, seed=0):
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c"], n)
    size = rng.choice(["small", "large"], n).astype(object)
    number = rng.standard_normal(n)
    number[rng.random(n) < 0.2] = np.nan
    size[rng.random(n) < 0.1] = None
    frame = pd.DataFrame(
        {
            "number": number,
            "kind": pd.Categorical(kind, categories=["a", "b", "c", "never"]),
            "size": size,
            "count": rng.integers(0, 5, n),
            "flag": rng.random(n) < 0.5,
            "empty": np.full(n, np.nan),
        }
    )
    y = np.where((kind == "a") | (size == "large"), "yes", "no")
    return frame, y


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_mixed_frames(library):
    frame, y = mixed_frame()
    if library == "polars":
        frame = pl.from_pandas(frame)
    train, test = frame[:180], frame[180:]
    net = NetClassifier(max_epochs=60, random_state=0).fit(train, y[:180])
    assert net.score(test, y[180:]) > 0.85
    assert net.feature_names_in_.tolist() == ["number", "kind", "size", "count", "flag", "empty"]
    assert net.n_features_in_ == 6
    regressor = NetRegressor(max_epochs=60, random_state=0).fit(train, (y[:180] == "yes").astype(float))
    assert regressor.score(test, (y[180:] == "yes").astype(float)) > 0.4


def test_categories_never_seen_in_training():
    frame, y = mixed_frame()
    net = NetClassifier(**SMALL).fit(frame[frame["size"] != "large"], y[frame["size"] != "large"])
    assert np.isfinite(net.predict_proba(frame)).all()


def test_missing_values_first_met_in_prediction(classes):
    X, y = classes
    net = NetClassifier(**SMALL).fit(X, y)
    holes = X.copy()
    holes[::3, 2] = np.nan
    assert np.isfinite(net.predict_proba(holes)).all()


def test_early_stopping_learns_nothing_from_the_rows_held_out(classes):
    """Standardisation is learned from the training rows alone: they have mean zero and unit variance."""
    X, y = classes
    X = X + np.arange(200)[:, None]
    net = NetClassifier(**SMALL | {"early_stopping": True}, num_embedding=None, validation_fraction=0.3).fit(X, y)
    train, _ = split_rows(net, SimpleNamespace(codes=y, y=y, groups=None, counting=None))
    Z = net.encoder_.transform(X, estimator=net)[train]
    np.testing.assert_allclose(Z.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(Z.std(0), 1, atol=1e-4)


# ---- weights -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize("normalization", ["none", "layer"])
def test_a_weight_is_a_number_of_rows(problem, Net, normalization):
    """On full batches: weight 0 is a row left out, weight 3 three rows."""
    X, y = problem(Net)
    X = X.copy()
    X[::7, 1] = np.nan
    counts = np.random.default_rng(0).integers(0, 4, len(X))
    parameters = SMALL | {"batch_size": 10_000, "max_epochs": 30, "normalization": normalization, "dropout": 0.0}
    parameters["num_bins"] = 2  # of so few rows, their number decides how many there are
    weighted = Net(**parameters).fit(X, y, sample_weight=counts)
    repeated = Net(**parameters).fit(np.repeat(X, counts, 0), np.repeat(y, counts))
    scale = 1 if Net is NetClassifier else np.std(y)
    np.testing.assert_allclose(outputs(weighted, X) / scale, outputs(repeated, X) / scale, atol=2e-3)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-3)
    unweighted = Net(**parameters).fit(X, y)
    assert np.abs(outputs(weighted, X) - outputs(unweighted, X)).max() / scale > 1e-2


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_weights_of_one_change_nothing(problem, Net):
    X, y = problem(Net)
    one, other = Net(**SMALL).fit(X, y), Net(**SMALL).fit(X, y, sample_weight=np.ones(len(X)))
    np.testing.assert_allclose(outputs(one, X), outputs(other, X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize(
    ("weight", "message"),
    [(np.zeros(200), "zero"), (np.full(200, -1.0), "[Nn]egative"), (np.ones(7), "200"), (np.full(200, np.nan), "NaN")],
)
def test_impossible_weights(problem, Net, weight, message):
    with pytest.raises(ValueError, match=message):
        Net(**SMALL).fit(*problem(Net), sample_weight=weight)


def test_class_weight(classes):
    X, y = classes
    rare = np.flatnonzero((y != 2) | (np.arange(200) % 10 == 0))
    X, y = X[rare], y[rare]
    parameters = SMALL | {"max_epochs": 20, "batch_size": 1000, "lr": 1e-2, "init": "torch"}
    recall = {}
    for class_weight in (None, "balanced", {2: 100.0}):
        net = NetClassifier(**parameters, class_weight=class_weight).fit(X, y)
        recall[str(class_weight)] = (net.predict_proba(X)[:, 2]).mean()
    assert recall["None"] < recall["balanced"] < recall[str({2: 100.0})]
    by_hand = np.where(y == 2, 100.0, 1.0)
    one = NetClassifier(**parameters, class_weight={2: 100.0}).fit(X, y).loss_curve_
    np.testing.assert_allclose(one[0], NetClassifier(**parameters).fit(X, y, by_hand).loss_curve_[0], rtol=0.1)
    assert NetClassifier(**parameters, class_weight={"b": 50.0}).fit(X, np.array(["a", "b", "c"])[y]).predict(X).tolist().count("b") > len(X) / 3


# ---- continuation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_warm_start_goes_on(problem, Net):
    X, y = problem(Net)
    whole = Net(**SMALL | {"max_epochs": 7}, schedule_epochs=7, lr_schedule="cosine").fit(X, y)
    net = Net(**SMALL | {"max_epochs": 2}, schedule_epochs=7, lr_schedule="cosine", warm_start=True).fit(X, y)
    assert net.n_iter_ == 2
    net.set_params(max_epochs=7).fit(X, y)
    assert net.n_iter_ == 7
    assert net.loss_curve_ == whole.loss_curve_
    assert [row["epoch"] for row in net.history_] == list(range(1, 8))
    assert np.array_equal(net.parameters_, whole.parameters_)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_warm_start_to_the_same_epoch_changes_nothing(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL, warm_start=True).fit(X, y)
    before = net.parameters_.copy()
    assert net.fit(X, y) is net
    assert np.array_equal(net.parameters_, before)
    assert net.n_iter_ == len(net.history_) == 5


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_warm_start_backwards_is_an_error(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="max_epochs=3 is less than the 5 epochs"):
        net.set_params(max_epochs=3).fit(X, y)
    net.set_params(warm_start=False).fit(X, y)
    assert net.n_iter_ == 3


def test_a_network_that_stopped_stays_stopped(classes):
    X, y = classes
    net = NetClassifier(**SMALL | {"early_stopping": True} | {"max_epochs": 100}, lr=3e-2, patience=2, warm_start=True).fit(X, y)
    stopped = net.n_iter_
    assert stopped < 100
    before = net.parameters_.copy()
    for max_epochs in (100, 200, stopped):
        net.set_params(max_epochs=max_epochs).fit(X, y)
        assert net.n_iter_ == len(net.history_) == stopped
        assert np.array_equal(net.parameters_, before)
    with pytest.raises(ValueError, match="max_epochs"):
        net.set_params(max_epochs=stopped - 1).fit(X, y)
    net.set_params(max_epochs=stopped + 5, warm_start=False, early_stopping=False).fit(X, y)
    assert net.n_iter_ == stopped + 5


def test_warm_start_with_another_shape(classes):
    X, y = classes
    net = NetClassifier(**SMALL, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="keep its shape"):
        net.set_params(width=17, max_epochs=9).fit(X, y)
    with pytest.raises(ValueError, match="features"):
        net.set_params(width=16).fit(X[:, :4], y)
    with pytest.raises(ValueError, match="module='mlp' has become 'tabm'"):
        net.set_params(module="tabm").fit(X, y)
    with pytest.raises(ValueError, match=r"but num_embedding='none' has become 'plr', num_frequencies=.*; set warm_start=False"):
        net.set_params(module="mlp", num_embedding="plr").fit(X, y)


@pytest.mark.parametrize(("before", "after"), [("sgd", "adamw"), ("adamw", "sgd"), ("rmsprop", "adagrad")])
def test_warm_start_with_another_optimizer(classes, before, after):
    X, y = classes
    net = NetClassifier(**SMALL, optimizer=before, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="optimizer"):
        net.set_params(optimizer=after, max_epochs=9).fit(X, y)


def test_warm_start_with_another_normalization(classes):
    X, y = classes
    net = NetClassifier(**SMALL, normalization="batch", warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="normalization"):
        net.set_params(normalization="layer", max_epochs=9).fit(X, y)


@pytest.mark.parametrize("module", ["mlp", "resnet", "tabm"])
def test_dropout_may_come_and_go(classes, module):
    """As if it had been there all the time, with a probability of all but nothing."""
    X, y = classes
    own = SMALL | {"module": module, "warm_start": True, "schedule_epochs": 6}
    come, there = (NetClassifier(**own | {"max_epochs": 3, "dropout": p}).fit(X, y) for p in (0.0, 1e-12))
    for epochs, p in ((4, 0.2), (6, 0.0)):
        come.set_params(max_epochs=epochs, dropout=p).fit(X, y)
        there.set_params(max_epochs=epochs, dropout=p or 1e-12).fit(X, y)
        assert np.array_equal(come.parameters_, there.parameters_)
    come.predict(X)


def test_without_warm_start_fit_begins_anew(classes):
    X, y = classes
    net = NetClassifier(**SMALL).fit(X, y)
    before = net.parameters_.copy()
    net.fit(X, y)
    assert np.array_equal(net.parameters_, before)
    assert len(net.history_) == 5


def test_partial_fit_is_one_epoch_at_a_time(classes):
    X, y = classes
    net = NetClassifier(**SMALL)
    for epoch in range(1, 6):
        assert net.partial_fit(X, y) is net
        assert net.n_iter_ == len(net.history_) == epoch
    assert np.array_equal(net.parameters_, NetClassifier(**SMALL).fit(X, y).parameters_)


def test_partial_fit_in_pieces(classes):
    X, y = classes
    net = NetClassifier(**SMALL, lr=1e-2).partial_fit(X[:50], y[:50], classes=[0, 1, 2, 3])
    assert net.classes_.tolist() == [0, 1, 2, 3]
    for _ in range(10):
        for part in np.array_split(np.arange(150), 3):
            net.partial_fit(X[part], y[part])
    assert net.score(X[150:], y[150:]) > 0.6
    assert net.predict_proba(X).shape == (200, 4)
    with pytest.raises(ValueError, match=r"\[9\].*not among the classes"):
        net.partial_fit(X, np.where(y == 0, 9, y))
    with pytest.raises(ValueError, match="not among the classes"):
        NetClassifier(**SMALL).partial_fit(X, y, classes=[0, 1])


def test_partial_fit_of_a_regressor(numbers):
    X, y = numbers
    net = NetRegressor(**SMALL, lr=1e-2)
    for _ in range(40):
        net.partial_fit(X[:150], y[:150])
    assert net.score(X[150:], y[150:]) > 0.9
    with pytest.raises(ValueError, match="2 columns"):
        net.partial_fit(X, np.c_[y, y])


def test_partial_fit_after_fit(classes):
    """It trains on, whatever ended the training before, and `predict` uses what it taught."""
    X, y = classes
    net = NetClassifier(**SMALL | {"early_stopping": True, "max_epochs": 100, "weight_averaging": "none"}, lr=3e-2, patience=2).fit(X, y)
    stopped, before = net.n_iter_, net.predict_proba(X)
    net.partial_fit(X, y)
    assert net.n_iter_ == len(net.history_) == stopped + 1
    assert not np.array_equal(net.predict_proba(X), before)
    assert np.array_equal(net.parameters_[0], net.state_.parameters)


def test_partial_fit_after_divergence(classes):
    X, y = classes
    net = NetClassifier(**SMALL, optimizer="sgd", lr=1e30)
    with pytest.warns(ConvergenceWarning):
        net.fit(X, y)
    before = net.parameters_.copy()
    net.set_params(lr=1e-2).partial_fit(X, y)
    assert net.n_iter_ == 2
    assert np.isfinite(net.loss_curve_[-1])
    assert not np.array_equal(net.parameters_, before)


# ---- what a fitted network says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_history(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL).fit(X, y)
    assert net.n_iter_ == len(net.history_) == len(net.loss_curve_) == 5
    assert net.loss_curve_ == [row["train_loss"] for row in net.history_]
    assert net.loss_curve_[-1] < net.loss_curve_[0]
    assert set(net.history_[0]) == {"epoch", "train_loss", "duration"}
    assert net.best_epoch_ == 5
    assert all(row["duration"] > 0 for row in net.history_)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_skorch_net(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL | {"early_stopping": True} | {"max_epochs": 30}, lr=3e-2, normalization="batch", patience=2).fit(X, y)
    inner = net.net_
    assert inner.history[:, "train_loss"] == net.loss_curve_
    weights = np.concatenate([p.detach().numpy().ravel() for p in inner.module_.parameters()])
    assert np.array_equal(weights, net.parameters_[0])
    raw = inner.forward(net.encoder_.transform(X, estimator=net)).numpy()
    np.testing.assert_allclose(raw, net._outputs(X)[0], rtol=1e-5, atol=1e-5)  # torch's own products


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_history_with_early_stopping(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL | {"early_stopping": True} | {"max_epochs": 100}, lr=3e-2, patience=3, validation_fraction=0.2).fit(X, y)
    valid = [row["valid_loss"] for row in net.history_]
    assert net.best_epoch_ == np.argmin(valid) + 1
    assert net.n_iter_ == len(valid) == net.best_epoch_ + 3
    assert ("valid_acc" in net.history_[0]) == (Net is NetClassifier)


def test_restore_best(classes):
    X, y = classes
    parameters = SMALL | {"max_epochs": 100, "lr": 3e-2, "early_stopping": True, "patience": 3}
    best, last = (NetClassifier(**parameters, restore_best=restore).fit(X, y) for restore in (True, False))
    assert best.n_iter_ == last.n_iter_ > best.best_epoch_ == last.best_epoch_
    assert not np.array_equal(best.predict_proba(X), last.predict_proba(X))
    assert np.array_equal(best.state_.parameters, last.state_.parameters)  # training goes on from the last weights all the same
    shorter = NetClassifier(**parameters | {"max_epochs": best.best_epoch_}, restore_best=False).fit(X, y)
    assert np.array_equal(best.predict_proba(X), shorter.predict_proba(X))
    train, valid = split_rows(best, SimpleNamespace(codes=y, y=y, groups=None, counting=None))
    assert len(train) + len(valid) == 200
    reported = best.history_[best.best_epoch_ - 1]
    assert best.score(X[valid], y[valid]) == pytest.approx(reported["valid_acc"])
    assert log_loss(y[valid], best.predict_proba(X[valid])) == pytest.approx(reported["valid_loss"], rel=1e-4)


def test_validation_rows_are_stratified_where_they_can_be():
    X = np.random.default_rng(0).standard_normal((100, 3))
    y = np.repeat([0, 1], [80, 20])
    net = NetClassifier(**SMALL | {"early_stopping": True}, validation_fraction=0.2).fit(X, y)
    _, valid = split_rows(net, SimpleNamespace(codes=y, y=y, groups=None, counting=None))
    assert np.bincount(y[valid]).tolist() == [16, 4]
    y[0] = 2  # a class of one row can not be split, and is no reason to fail
    NetClassifier(**SMALL | {"early_stopping": True}).fit(X, y)


def test_divergence_warns_and_leaves_a_usable_network(numbers):
    X, y = numbers
    net = NetRegressor(**SMALL, optimizer="sgd", lr=1e20)
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch 1.*lr=1e\+20"):
        net.fit(X, y)
    assert np.isfinite(net.predict(X)).all()
    assert np.isnan(net.loss_curve_[-1]) or np.isinf(net.loss_curve_[-1])


# ---- random numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_random_state(problem, Net):
    X, y = problem(Net)
    parameters = SMALL | {"dropout": 0.2}

    def trained(random_state):
        return Net(**parameters | {"random_state": random_state}).fit(X, y).parameters_

    assert np.array_equal(trained(3), trained(3))
    assert np.array_equal(trained(3), trained(np.int32(3)))
    assert not np.array_equal(trained(3), trained(4))
    assert not np.array_equal(trained(None), trained(None))
    assert np.array_equal(trained(np.random.RandomState(7)), trained(np.random.RandomState(7)))
    state = np.random.RandomState(7)
    assert not np.array_equal(trained(state), trained(state))
    assert np.isfinite(trained(2**32 - 1)).all()


def test_none_follows_numpys_global_generator(classes):
    X, y = classes
    trained = []
    for _ in range(2):
        np.random.seed(5)  # noqa: NPY002
        trained.append(NetClassifier(**SMALL | {"random_state": None}).fit(X, y).parameters_)
    assert np.array_equal(*trained)


# ---- copies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_pickle(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL, normalization="batch", warm_start=True).fit(X, y)
    copy = pickle.loads(pickle.dumps(net))
    assert np.array_equal(outputs(copy, X), outputs(net, X))
    assert copy.history_ == net.history_
    for each in (net, copy):
        each.set_params(max_epochs=8).fit(X, y)
    assert np.array_equal(copy.parameters_, net.parameters_)
    assert len(pickle.dumps(net)) < 20 * net.parameters_.nbytes + 50_000


@pytest.mark.parametrize("change", [{"activation": "tanh"}, {"width": 17}, {"n_layers": 1}, {"dropout": 0.5}])
@pytest.mark.parametrize("copied", [False, True])
def test_parameters_set_after_fit_wait_for_the_next(classes, change, copied):
    """As anywhere in scikit-learn: predictions are those of the fit, in a copy too."""
    X, y = classes
    net = NetClassifier(**SMALL).fit(X, y)
    expected = net.predict_proba(X)
    net.set_params(**change)
    if copied:
        net = pickle.loads(pickle.dumps(net))
    assert np.array_equal(net.predict_proba(X), expected)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_clone(problem, Net):
    net = Net(**SMALL, dropout=0.3).fit(*problem(Net))
    copy = clone(net)
    assert copy.get_params() == net.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(problem(Net)[0])


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_fit_changes_no_parameter_and_no_data(problem, Net):
    X, y = problem(Net)
    X, y = X.copy(), y.copy()
    before = X.copy(), y.copy()
    net = Net(**SMALL)
    parameters = net.get_params()
    net.fit(X, y).predict(X)
    assert net.get_params() == parameters
    assert np.array_equal(X, before[0])
    assert np.array_equal(y, before[1])


def test_read_only_data(classes):
    X, y = (a.copy() for a in classes)
    X.flags.writeable = y.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = NetClassifier(**SMALL).fit(X, y)
        net.predict(X)


def test_splits_of_data_may_be_views(classes):
    X, y = classes
    part = X[::2, ::-1]
    assert np.array_equal(NetClassifier(**SMALL).fit(part, y[::2]).parameters_, NetClassifier(**SMALL).fit(part.copy(), y[::2].copy()).parameters_)


# ---- errors --------------------------------------------------------------------------------------------------------

WRONG = {
    "n_layers": -1,
    "width": 0,
    "activation": "softplus",
    "dropout": 1.0,
    "normalization": "group",
    "optimizer": "adamx",
    "lr": 0.0,
    "lr_schedule": "steps",
    "weight_decay": -1e-3,
    "momentum": 1.0,
    "beta1": 1.0,
    "beta2": -0.1,
    "eps": 0.0,
    "batch_size": 0,
    "max_epochs": 0,
    "schedule_epochs": 0,
    "early_stopping": "yes",
    "patience": 0,
    "validation_fraction": 1.0,
    "restore_best": "no",
    "label_smoothing": 1.0,
    "class_weight": "equal",
    "warm_start": 2.5,
    "random_state": -1,
    "device": 3,
    "callbacks": "print",
    "verbose": "loud",
    "hidden_layer_sizes": 3,
    "init": "uniform",
    "input_dropout": 1.0,
    "norm_momentum": 1.5,
    "norm_eps": 0.0,
    "loss": "hinge",
    "focal_gamma": -1,
    "huber_delta": 0.0,
    "quantile": 1.0,
    "clip_prediction": "yes",
    "lr_warmup": -1,
    "lr_min_factor": 2.0,
    "lr_gamma": 0.0,
    "lr_step_epochs": 0,
    "lr_cycles": 0,
    "lr_cycle_mult": 0.5,
    "lr_patience": -1,
    "lr_scaling": "log",
    "base_batch_size": 0,
    "weight_decay_mode": "L2",
    "l1": -1e-3,
    "alpha": 1.0,
    "grad_clip_norm": 0.0,
    "min_delta": -1.0,
    "stopping_metric": 3,
    "validation_split": 3,
    "refit_full": "yes",
    "n_members": 0,
    "numeric_transform": "minmax",
    "max_one_hot": 0,
    "text_encoding": "chars",
    "num_embedding": "fourier",
    "num_embedding_dim": 0,
    "num_frequencies": 0,
    "num_sigma": 0.0,
    "num_bins": 1,
    "cat_embedding_dim": -1,
    "module": "transformer",
    "module_params": [1],
    "parametric_activation": "yes",
    "hidden_factor": 0.0,
    "residual_dropout": 1.0,
    "n_heads": 0,
    "feature_scale": "yes",
    "zero_output": "yes",
    "dropout_schedule": "step",
    "weight_decay_schedule": "step",
    "lr_factor_bias": 0.0,
    "lr_factor_scale": 0.0,
    "lr_factor_activation": 0.0,
    "lr_factor_num_embedding": 0.0,
    "input_noise": -1.0,
    "mixup_alpha": -0.5,
    "init_from": 3,
    "freeze": "all",
    "unfreeze_epoch": 0,
    "lr_layer_decay": 0.0,
    "weight_averaging": "sma",
    "ema_decay": 1.0,
    "swa_start": 1.0,
    "precision": "float16",
}


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_every_parameter_is_checked(problem, Net):
    X, y = problem(Net)
    assert set(Net().get_params()) <= set(WRONG)
    for name in Net().get_params():
        with pytest.raises(ValueError, match=f"The '{name}' parameter of {Net.__name__} must be") as caught:
            Net(**{name: WRONG[name]}).fit(X, y)
        assert repr(WRONG[name]) in str(caught.value)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_predictions_are_finite_whatever_the_weights(problem, Net):
    """Weights that are finite, and whose losses were, can overflow on other rows."""
    X, y = problem(Net)
    net = Net(**SMALL).fit(X, y)
    net.parameters_ *= 1e30
    assert np.isfinite(outputs(net, X)).all()


def test_the_skorch_net_follows_a_longer_training(classes):
    """Asked for once, it was kept although training had gone on."""
    X, y = classes
    net = NetClassifier(**SMALL, warm_start=True).fit(X, y)
    before = net.net_.module_.layers[0].weight.detach().clone()
    net.set_params(max_epochs=9).fit(X, y)
    assert not np.array_equal(net.net_.module_.layers[0].weight.detach(), before)
    assert len(net.net_.history) == 9


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_no_such_parameter(Net):
    with pytest.raises(TypeError):
        Net(n_layer=2)
    with pytest.raises(TypeError):
        Net(3)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_unusable_targets(problem, Net):
    X, y = problem(Net)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        Net(**SMALL).fit(X, None)
    holes = y.astype(float)
    holes[3] = np.nan
    with pytest.raises(ValueError, match="y contains NaN"):
        Net(**SMALL).fit(X, holes)
    with pytest.raises(ValueError, match="y contains infinity"):
        Net(**SMALL).fit(X, np.where(np.isnan(holes), np.inf, holes))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        Net(**SMALL).fit(X, y[:-1])


def test_targets_that_are_no_classes(classes):
    X, _ = classes
    with pytest.raises(ValueError, match="continuous"):
        NetClassifier(**SMALL).fit(X, X[:, 0])
    with pytest.raises(ValueError):
        NetClassifier(**SMALL).fit(X, np.c_[classes[1], classes[1]])
    for missing in (None, np.nan, pd.NA):
        with pytest.raises(ValueError, match=rf"y holds {missing} at position 2, which is no label; leave it out"):
            NetClassifier(**SMALL).fit(X, np.array(["a", "b", missing] * 66 + ["a", "b"], dtype=object))
    with pytest.raises(ValueError, match="classes holds None at position 1"):
        NetClassifier(**SMALL).partial_fit(X, classes[1], classes=["a", None])
    for labels in ([0, 1], ["a", 1]):
        with pytest.raises(ValueError, match=r"y is an array of objects, of which \d at position \d is no string; make all of them numbers"):
            NetClassifier(**SMALL).fit(X, np.array(labels * 100, dtype=object))


def test_too_few_rows_to_hold_some_out():
    X, y = np.ones((1, 2)), [1.0]
    with pytest.raises(ValueError, match=r"early_stopping=True holds out validation_fraction='auto'"):
        NetRegressor(early_stopping=True).fit(X, y)


def test_infinite_features(classes):
    X, y = classes
    X = X.copy()
    X[5, 2] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        NetClassifier(**SMALL).fit(X, y)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_prediction_asks_for_the_same_columns(problem, Net):
    X, y = problem(Net)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    net = Net(**SMALL).fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        net.predict(frame[["a", "b"]])
    with pytest.raises(ValueError, match="feature names should match"):
        net.predict(frame.rename(columns={"a": "z"}))


def test_no_such_device(classes):
    for device in ("nowhere", "CPU", "meta", "cuda:77"):
        with pytest.raises(ValueError, match=f"device='{device}', but torch finds|device='{device}' is none that torch can train on here"):
            NetClassifier(**SMALL, device=device).fit(*classes)


# ---- the whole, once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalization", [None, "none", "batch", "layer"])
@pytest.mark.parametrize("activation", [None, "relu", "mish"])
def test_none_is_a_choice(classes, normalization, activation):
    X, y = classes
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    net = NetClassifier(normalization=normalization, activation=activation, random_state=0).fit(X_train, y_train)
    assert net.score(X_test, y_test) > 0.5
