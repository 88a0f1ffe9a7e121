"""Every kind of labels and tables, and weights of rows and classes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import accuracy_score

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.targets.held_out import split_rows
from tests.helpers.small_nets import ESTIMATORS, SMALL, predict_outputs

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


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize(
    "convert",
    [list, np.asarray, np.float32, pd.DataFrame, np.asfortranarray],
    ids=["list", "float64", "float32", "pandas", "Fortran"],
)
def test_tables_of_numbers(problem, Net, convert):
    X, y = problem(Net)
    X = np.float64(np.float32(X))  # so that float32 is the same table
    table = X.tolist() if convert is list else convert(X)
    if convert is pd.DataFrame:
        table.columns = [f"c{i}" for i in range(X.shape[1])]
    expected = Net(**SMALL).fit(X, y)
    net = Net(**SMALL).fit(table, y)
    np.testing.assert_allclose(predict_outputs(net, table), predict_outputs(expected, X), rtol=1e-3, atol=1e-4)
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
    """Standardisation is learned from the training rows alone: they have mean zero and
    unit variance.
    """
    X, y = classes
    X = X + np.arange(200)[:, None]
    net = NetClassifier(**SMALL | {"early_stopping": True}, num_embedding=None, validation_fraction=0.3).fit(X, y)
    train, _ = split_rows(net, net.seed_, SimpleNamespace(codes=y, y=y, groups=None, weighted_rows=None, strata=y))
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
    np.testing.assert_allclose(predict_outputs(weighted, X) / scale, predict_outputs(repeated, X) / scale, atol=2e-3)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-3)
    unweighted = Net(**parameters).fit(X, y)
    assert np.abs(predict_outputs(weighted, X) - predict_outputs(unweighted, X)).max() / scale > 1e-2


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_weights_of_one_change_nothing(problem, Net):
    X, y = problem(Net)
    one, other = Net(**SMALL).fit(X, y), Net(**SMALL).fit(X, y, sample_weight=np.ones(len(X)))
    np.testing.assert_allclose(predict_outputs(one, X), predict_outputs(other, X), rtol=1e-5, atol=1e-5)


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
    assert (
        NetClassifier(**parameters, class_weight={"b": 50.0})
        .fit(X, np.array(["a", "b", "c"])[y])
        .predict(X)
        .tolist()
        .count("b")
        > len(X) / 3
    )
