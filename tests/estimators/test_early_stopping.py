"""What early stopping follows: the user's own targets and predictions as `predict`
makes them, and never two measures as one.
"""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.metrics import accuracy_score, mean_absolute_error

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

SMALL = {"width": 16, "batch_size": 32, "dropout": 0.0, "random_state": 0, "lr": 1e-2}
X, y = make_classification(240, 8, n_informative=5, n_classes=3, flip_y=0.2, random_state=0)
Xr, yr = make_regression(240, 8, noise=5, random_state=0)
NAMES = np.array(["no", "perhaps", "yes"])[y]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scorers_see_targets_as_they_were_given(seed):
    """Zeros, not what is left of them after a way to float32 and back, which may lie
    below.
    """
    rng = np.random.default_rng(seed)
    counts = np.where(rng.random(240) < 0.1, 0.0, 21.1 + rng.random(240))
    net = NetRegressor(**SMALL | {"lr": 1e-4}, max_epochs=2, stopping_metric="neg_mean_poisson_deviance").fit(X, counts)
    assert np.isfinite(net.history_[-1]["valid_score"])


def test_scorers_see_predictions_as_they_will_be():
    held_out = np.arange(240) < 60
    # Predictions within the range of the training targets know nothing of these.
    ends = np.where(held_out, 100 * yr, yr)
    net = NetRegressor(
        **SMALL, max_epochs=6, stopping_metric="neg_mean_absolute_error", clip_prediction=True, num_embedding="none"
    )
    net.fit(Xr[~held_out], ends[~held_out], X_val=20 * Xr[held_out], y_val=ends[held_out])
    best = max(row["valid_score"] for row in net.history_)
    assert best == pytest.approx(-mean_absolute_error(ends[held_out], net.predict(20 * Xr[held_out])), rel=1e-6)


@pytest.mark.parametrize("class_weight", [None, {"yes": 20.0}])
def test_scorers_weigh_rows_by_sample_weight_alone(class_weight):
    """`class_weight` is for the loss."""
    weight = np.where(np.arange(240) % 2, 1.0, 0.25)
    net = NetClassifier(
        **SMALL,
        max_epochs=3,
        stopping_metric="accuracy",
        class_weight=class_weight,
        restore_best=False,
        validation_split=Split(),
    )
    net.fit(X, NAMES, sample_weight=weight)
    expected = accuracy_score(NAMES[:60], net.predict(X[:60]), sample_weight=weight[:60])
    assert net.history_[-1]["valid_score"] == pytest.approx(expected)


class Split:
    """The first 60 rows are held out."""

    def split(self, X, y=None, groups=None):
        yield np.arange(60, 240), np.arange(60)


class MaskedSplit:
    """The same, as masks."""

    def split(self, X, y=None, groups=None):
        yield np.arange(240) >= 60, np.arange(240) < 60


def test_splitters_may_give_masks():
    """These were taken for the numbers 0 and 1 of two rows."""
    by_number, by_mask = (
        NetClassifier(**SMALL, max_epochs=2, validation_split=splitter).fit(X, y)
        for splitter in (Split(), MaskedSplit())
    )
    assert np.array_equal(by_mask.parameters_, by_number.parameters_)


def of_epoch(net, epoch, key="valid_loss"):
    return net.history_[epoch - 1][key]


@pytest.mark.parametrize("kind", ["sent", "saved"])
def test_another_metric_has_another_best(tmp_path, kind):
    """Accuracies are negative numbers here, below any loss: none of the epochs that
    follow would be an improvement.
    """
    net = NetClassifier(**SMALL, max_epochs=4, stopping_metric="accuracy", patience=3, warm_start=True).fit(X, y)
    if kind == "saved":
        sknet_hp.save(net, tmp_path / "net")
        net = sknet_hp.load(tmp_path / "net")
    net.set_params(stopping_metric="loss", max_epochs=6).fit(X, y)
    assert net.n_iter_ == 6
    assert net.best_epoch_ in (5, 6)
    assert of_epoch(net, net.best_epoch_) == min(of_epoch(net, 5), of_epoch(net, 6))
    best = net.best_epoch_
    net.set_params(max_epochs=8).fit(X, y)  # by the same: the best of all that were judged by it
    assert net.best_epoch_ == min((of_epoch(net, epoch), epoch) for epoch in (best, 7, 8))[1]


@pytest.mark.parametrize(
    ("Net", "before", "after"),
    [
        (NetClassifier, {"stopping_metric": "accuracy"}, {"stopping_metric": "neg_log_loss"}),
        (NetClassifier, {"loss": "focal", "focal_gamma": 5.0}, {"focal_gamma": 0.0}),
        (NetClassifier, {"class_weight": None}, {"class_weight": "balanced"}),
        (NetRegressor, {"loss": "huber", "huber_delta": 1e-4}, {"huber_delta": 1.0}),
        (NetRegressor, {"clip_prediction": True, "stopping_metric": "r2"}, {"clip_prediction": False}),
    ],
)
def test_whatever_changes_the_measure_begins_a_new_best(Net, before, after):
    A, b = (X, y) if Net is NetClassifier else (Xr, yr)
    net = Net(**SMALL, max_epochs=3, warm_start=True, **before).fit(A, b)
    net.set_params(**after, max_epochs=4).fit(A, b)
    assert net.best_epoch_ == 4


def test_rows_of_ones_own_begin_a_new_best():
    net = NetClassifier(**SMALL, max_epochs=3, warm_start=True).fit(X, y)
    net.set_params(max_epochs=4).fit(X, y, X_val=X, y_val=(y + 1) % 3)  # every loss is far above those before
    assert net.best_epoch_ == 4


def test_without_early_stopping_the_last_epoch_predicts_and_is_said_to():
    net = NetRegressor(**SMALL, max_epochs=4, early_stopping=False).fit(Xr, yr, X_val=Xr, y_val=-yr)
    assert net.best_epoch_ == 4


def test_a_metric_of_classes_is_none_of_numbers():
    """It was an AttributeError about a class of ours."""
    with pytest.raises(
        ValueError, match=r"stopping_metric='roc_auc' can not be computed on the 32 rows held out .* another scorer"
    ):
        NetRegressor(**SMALL, max_epochs=2, stopping_metric="roc_auc").fit(Xr, yr)


def test_after_a_metric_that_failed_training_goes_on():
    broken = NetRegressor(
        **SMALL, max_epochs=4, warm_start=True, stopping_metric="neg_mean_squared_log_error", restore_best=False
    )
    with pytest.raises(ValueError, match="can not be computed"):
        broken.fit(Xr, yr)
    broken.set_params(stopping_metric="loss").fit(Xr, yr)
    assert broken.n_iter_ == 4
    assert np.array_equal(
        broken.parameters_, NetRegressor(**SMALL, max_epochs=4, restore_best=False).fit(Xr, yr).parameters_
    )
