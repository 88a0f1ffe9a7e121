"""Each illness on a small table, and its code; what is healthy is in `test_diagnose`."""

import warnings
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.tuning import DIAGNOSIS_CHECKS, diagnose
from sknet_hp.tuning.diagnosis.checks import find_label_noise
from sknet_hp.tuning.diagnosis.comparison import Baselines
from tests.helpers.ill_networks import draw_rows, fit_healthy


class Growing(nn.Module):
    """Layers whose weights start far too large."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        sizes = [n_features, 32, 32, 32, 32, 32]
        layers = []
        for inner, outer in pairwise(sizes):
            layers += [nn.Linear(inner, outer), nn.ReLU()]
            nn.init.normal_(layers[-2].weight, std=4 * (2 / inner) ** 0.5)
        self.layers = nn.Sequential(*layers, nn.Linear(32, n_outputs))

    def forward(self, x):
        return self.layers(x)


ILL = {
    "diverged": {"optimizer": "sgd", "lr": 50.0},
    "rate_too_high": {"lr": 0.5},
    "rate_too_low": {"lr": 1e-6, "max_epochs": 40},
    "not_converged": {"lr": 2e-4, "max_epochs": 4},
    "overfitting": {"width": 256, "dropout": 0.0, "weight_decay": 0.0, "early_stopping": False, "max_epochs": 60},
    "underfitting": {"weight_decay": 100.0},
    "unstable_validation": {"weight_averaging": "none", "batch_size": 16, "lr": 0.05, "dropout": 0.0},
    "dead_units": {"activation": "relu", "lr": 0.5, "n_layers": 4},
    "vanishing_gradients": {"activation": "sigmoid", "n_layers": 9},
    "exploding_gradients": {"module": Growing, "max_epochs": 3},
    "batch_too_large": {"batch_size": 1024, "max_epochs": 12, "lr": 5e-4},
    "schedule_too_short": {"lr_schedule": "cosine", "lr": 3e-4, "max_epochs": 6},
    "validation_too_small": {"validation_fraction": 6 / 400, "patience": 3},
    "worse_than_baseline": {"optimizer": "sgd", "lr": 1e-5, "max_epochs": 20},
    "class_collapse": {"activation": "relu", "lr": 0.5, "n_layers": 6},
}
"""Parameters that make a network ill, by code."""


@pytest.fixture(scope="module")
def rows():
    return draw_rows(seed=1)


@pytest.mark.parametrize("code", ILL)
def test_an_ill_network_and_its_remedy(rows, code):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it diverged
        network = NetClassifier(random_state=0, **ILL[code]).fit(*rows)
    [finding] = diagnose(network, *rows, checks=[code])
    assert finding.code == code
    assert finding.severity in ("error", "warning")
    assert finding.evidence
    changed = finding.apply(network)
    assert any(getattr(changed, name) != getattr(network, name) for name in finding.remedy)


@pytest.mark.parametrize(("lr", "max_epochs", "codes"), [(1e-7, 12, ["rate_too_low"]), (0.002, 12, [])])
def test_a_low_rate_shows_after_few_epochs(rows, lr, max_epochs, codes):
    network = NetClassifier(lr=lr, max_epochs=max_epochs, random_state=0).fit(*rows)
    assert diagnose(network, checks=["rate_too_low"]).codes == codes


def test_a_rate_far_below_the_usual_shows_though_the_fall_slows_down(rows):
    network = NetClassifier(lr=3e-5, max_epochs=60, random_state=0).fit(*rows)
    losses = np.exp(-np.arange(60) / 20) * 0.4 + 0.25
    network.history_ = [dict(row, valid_loss=loss) for row, loss in zip(network.history_, losses, strict=True)]
    assert "rate_too_low" in diagnose(network, checks=["rate_too_low"]).codes
    network.lr = 1e-3
    assert not diagnose(network, checks=["rate_too_low"])


@pytest.mark.parametrize("held_back", [{"dropout": 0.9}, {"l1": 0.3, "optimizer": "adam"}, {"width": 1}])
def test_what_holds_a_network_back_is_found_by_training_one_without_it(rows, held_back):
    network = NetClassifier(max_epochs=20, random_state=0, **held_back).fit(*rows)
    [finding] = diagnose(network, *rows, checks=["underfitting"])
    assert finding.evidence["fitted_loss_freed"] < finding.evidence["fitted_loss"]
    assert set(held_back) - {"optimizer"} <= set(finding.remedy)


def test_a_strong_restraint_that_costs_nothing_is_no_illness(rows):
    X, _ = rows
    y = np.random.default_rng(0).integers(0, 2, len(X))  # nothing to learn
    network = NetClassifier(weight_decay=10.0, max_epochs=20, random_state=0).fit(X, y)
    assert not diagnose(network, X, y, checks=["underfitting"])


@pytest.mark.parametrize(
    ("code", "params", "remedy"),
    [
        ("schedule_too_short", {"lr_schedule": "linear"}, {"max_epochs": 16}),
        ("not_converged", {}, {"max_epochs": 16}),
        ("batch_too_large", {"batch_size": 512}, {"batch_size": "auto"}),
    ],
)
def test_few_steps_are_compared_with_more(rows, code, params, remedy):
    network = NetClassifier(lr=3e-4, max_epochs=4, random_state=0, **params).fit(*rows)
    flat = [0.68, 0.66, 0.65, 0.65 + 1e-4]  # nothing that the curve alone could tell from an end
    network.history_ = [dict(row, valid_loss=loss) for row, loss in zip(network.history_, flat, strict=True)]
    assert not diagnose(network, checks=[code])
    found = diagnose(network, *rows, checks=[code, "underfitting"])
    assert found.codes == [code]
    assert found[0].evidence["fitted_loss_freed"] < found[0].evidence["fitted_loss"]
    assert found[0].remedy == remedy


def test_few_steps_were_enough_where_there_is_nothing_to_learn(rows):
    X, _ = rows
    y = np.random.default_rng(0).integers(0, 2, len(X))
    network = NetClassifier(lr_schedule="cosine", max_epochs=4, random_state=0).fit(X, y)
    assert not diagnose(network, X, y, checks=["schedule_too_short"])


def test_a_network_that_was_unlucky_is_worse_than_a_simple_model(rows):
    X, y = rows
    network = fit_healthy(X, y)
    spoilt = NetClassifier(random_state=0).fit(X, 1 - y)
    assert not diagnose(network, X, y, checks=["worse_than_baseline"])
    [finding] = diagnose(spoilt, X, y, checks=["worse_than_baseline"])
    assert "may have seen" in finding.message


def test_wrong_labels():
    X, y = draw_rows(seed=3, n=800)
    wrong = np.random.default_rng(0).random(len(y)) < 0.25
    noisy = np.where(wrong, 1 - y, y)
    [finding] = diagnose(fit_healthy(X, noisy), X, noisy, checks=["label_noise"])
    assert 0.1 < finding.evidence["share"] < 0.5
    assert not diagnose(fit_healthy(X, y), X, y, checks=["label_noise"])


@pytest.mark.parametrize(("n_rows", "found"), [(200, False), (4000, True)])
def test_a_few_contradicted_rows_of_a_small_table_are_chance(n_rows, found):
    y = np.arange(n_rows) % 2
    p = np.where(y == 1, 0.9, 0.1)
    p[: n_rows // 50] = 1 - p[: n_rows // 50]  # of the 15 % that are looked at, two in fifteen
    baselines = Baselines({"a linear model": np.c_[1 - p, p]}, y, np.arange(2), [])
    case = SimpleNamespace(y=y, is_classifier=True, subject="", comparison=SimpleNamespace(baselines=baselines))
    assert bool(list(find_label_noise(case))) == found


def test_wrong_numbers():
    X, _ = draw_rows(seed=3, n=800)
    y = 3 * X[:, 0] + X[:, 1]
    rng = np.random.default_rng(0)
    wrong = rng.random(len(y)) < 0.25
    noisy = y.copy()
    noisy[wrong] = rng.permutation(y[wrong])
    network = NetRegressor(max_epochs=3, random_state=0)
    assert diagnose(network.fit(X, noisy), X, noisy, checks=["label_noise"])
    assert not diagnose(network.fit(X, y), X, y, checks=["label_noise"])


def test_a_column_that_gives_the_target_away(rows):
    X, y = rows
    X = np.c_[X, y + 0.01 * np.random.default_rng(0).normal(size=len(y))].astype(np.float32)
    [finding] = diagnose(fit_healthy(X, y), X, y, checks=["leakage"])
    assert not finding.remedy


def test_a_class_that_is_weighed_away(rows):
    X, y = rows
    network = NetClassifier(class_weight={0: 1, 1: 1e-4}, random_state=0).fit(X, y)
    [finding] = diagnose(network, X, y, checks=["class_collapse"])
    assert (finding.severity, finding.remedy) == ("warning", {"class_weight": None})


def test_overfitting_shows_in_rows_of_the_user(rows):
    X, y = rows
    network = NetClassifier(random_state=0, **ILL["overfitting"])
    assert "overfitting" in diagnose(network.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])).codes


def test_all_codes_are_made_here():
    assert set(ILL) | {"label_noise", "leakage"} == set(DIAGNOSIS_CHECKS)


def test_a_weak_relation_is_no_label_noise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 6))
    y = X[:, 0] + 1.7 * rng.normal(size=len(X))  # a quarter of the variance can be told
    assert not diagnose(NetRegressor(max_epochs=3, random_state=0).fit(X, y), X, y, checks=["label_noise"])


def _write_losses(network, train_losses, valid_losses=None):
    """Give a network the curve of another."""
    network.history_ = [
        {"epoch": epoch, "train_loss": loss, "valid_loss": None if valid_losses is None else valid_losses[epoch - 1]}
        for epoch, loss in enumerate(train_losses, 1)
    ]
    return network


@pytest.mark.parametrize(("level", "codes"), [(0.4, ["rate_too_high"]), (0.02, [])])
def test_jumps_of_a_loss_near_zero_are_no_matter(rows, level, codes):
    losses = level * np.array([1.0, 1.8, 1.0, 1.8, 1.0, 1.8, 1.0, 1.8])
    network = _write_losses(NetClassifier(max_epochs=1, random_state=0).fit(*rows), losses)
    assert diagnose(network, checks=["rate_too_high"]).codes == codes


@pytest.mark.parametrize(("n_rows", "codes"), [(30, []), (600, ["unstable_validation"])])
def test_a_loss_on_few_rows_may_jump_further(rows, n_rows, codes):
    losses = 0.5 + 0.006 * (-1.0) ** np.arange(12)
    network = _write_losses(NetClassifier(max_epochs=1, random_state=0).fit(*rows), losses, losses)
    network.n_validation_rows_ = n_rows
    assert diagnose(network, checks=["unstable_validation"]).codes == codes


@pytest.mark.parametrize(
    ("schedule", "changed"),
    [
        ({"lr_schedule": "cosine", "schedule_epochs": 2}, "schedule_epochs"),
        ({"lr_schedule": "step", "lr_step_epochs": 1}, "lr_step_epochs"),
    ],
)
def test_a_rate_that_is_gone_long_before_training_ends(rows, schedule, changed):
    network = NetClassifier(lr=3e-4, max_epochs=40, random_state=0, **schedule).fit(*rows)
    [finding] = diagnose(network, *rows, checks=["schedule_too_short"])
    assert finding.remedy[changed] > 10
    whole = NetClassifier(lr_schedule=schedule["lr_schedule"], max_epochs=40, random_state=0).fit(*rows)
    assert not diagnose(whole, *rows, checks=["schedule_too_short"])


def test_few_rows_of_the_user_to_validate_on(rows):
    X, y = rows
    few = NetClassifier(max_epochs=3, random_state=0).fit(X[:300], y[:300], X_val=X[300:306], y_val=y[300:306])
    [finding] = diagnose(few, X[:300], y[:300], checks=["validation_too_small"])
    assert "6 rows" in finding.message
    assert set(finding.remedy) == {"n_members"}
    enough = NetClassifier(max_epochs=3, validation_fraction=0.01, random_state=0)
    enough.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert not diagnose(enough, X[:300], y[:300], checks=["validation_too_small"])


def test_several_labels_of_a_row_have_a_loss_each(rows):
    X, y = rows
    network = NetClassifier(max_epochs=3, random_state=0).fit(X, np.c_[y, 1 - y, y])
    assert not diagnose(network, checks=["rate_too_high"])  # its first loss is above that of one label


def test_units_are_not_dead_for_being_asked_about_one_row(rows):
    X, y = rows
    assert not diagnose(fit_healthy(X, y), X[:1], y[:1], checks=["dead_units"])


def test_labels_that_were_not_trained_on_are_of_no_class(rows):
    X, y = rows
    network = NetClassifier(random_state=0).fit(X, np.array(["no", "yes"])[y])
    probabilities = np.tile([1.0, 0.0], (len(X), 1))
    network.predict_proba = lambda X: probabilities[: len(X)]  # never "yes"
    labels = np.where(np.arange(len(X)) < 20, "other", "no")  # "other" is between "no" and "yes"
    assert not diagnose(network, X, labels, checks=["class_collapse"])


def test_what_does_not_change_the_learning_is_no_remedy(rows):
    X, y = rows
    spoilt = NetClassifier(refit_full=True, stopping_metric="accuracy", random_state=0).fit(X, 1 - y)
    [finding] = diagnose(spoilt, X, y, checks=["worse_than_baseline"])
    assert finding.remedy == {}
    assert "defaults, then" not in finding.advice


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "quantile"])
def test_a_high_rate_shows_in_any_loss(rows, loss):
    X, _ = rows
    y = X[:, 0] + X[:, 1]
    for lr, codes in [(0.5, ["rate_too_high"]), (0.002, [])]:
        network = NetRegressor(loss=loss, lr=lr, max_epochs=5, random_state=0).fit(X, y)
        assert diagnose(network, checks=["rate_too_high"]).codes == codes


def test_a_loss_under_noise_is_not_the_rates_fault(rows):
    network = NetClassifier(input_noise=20.0, max_epochs=5, random_state=0).fit(*rows)
    assert network.history_[0]["train_loss"] > 1.5 * np.log(2)
    assert not diagnose(network, checks=["rate_too_high"])
    network.lr = 0.5
    assert diagnose(network, checks=["rate_too_high"])


@pytest.mark.parametrize("params", [{"zero_output": True}, {"n_layers": 6}])
def test_networks_that_learn_well_have_no_vanishing_gradients(rows, params):
    network = NetClassifier(max_epochs=5, random_state=0, **params).fit(*rows)
    assert not diagnose(network, *rows, checks=["vanishing_gradients"])


def test_a_class_not_learned_for_restraint_needs_room(rows):
    network = NetClassifier(weight_decay=500.0, max_epochs=10, random_state=0).fit(*rows)
    [finding] = diagnose(network, *rows, checks=["class_collapse"])
    assert set(finding.remedy) == {"weight_decay"}


def test_labels_that_no_column_tells_are_no_label_noise(rows):
    X, _ = rows
    y = np.random.default_rng(5).integers(0, 2, len(X))
    assert not diagnose(NetClassifier(max_epochs=3, random_state=0).fit(X, y), X, y, checks=["label_noise"])


def test_classes_that_columns_tell_little_about_are_no_label_noise():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(560, 10))
    y = (X[:, 0] + 0.5 * X[:, 1] + 1.8 * rng.normal(size=len(X)) > 0).astype(int)
    assert not diagnose(NetClassifier(max_epochs=3, random_state=0).fit(X, y), X, y, checks=["label_noise"])
