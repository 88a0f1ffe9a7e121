"""Networks that are ill on purpose, one illness for each code of the diagnosis, and healthy
ones, on samples of real tables.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor, nn

CHOSEN_ON = ("adult", "telco_churn", "german_credit", "satimage", "california_housing")
"""Tables on which the thresholds were chosen."""

CONFIRMED_ON = ("bank_marketing", "titanic", "magic", "abalone19", "diamonds")
NUMBERS = ("california_housing", "diamonds")
MOST_ROWS = 1500
MOST_TEST_ROWS = 1000


@dataclass
class Problem:
    """Rows to train on, and rows that show what a training was worth."""

    X: pd.DataFrame
    y: np.ndarray
    X_test: pd.DataFrame
    y_test: np.ndarray
    numbers: bool

    def thin(self, n_rows: int) -> "Problem":
        """Return the problem with fewer rows to train on."""
        return Problem(self.X[:n_rows], self.y[:n_rows], self.X_test, self.y_test, self.numbers)


@dataclass
class Run:
    """A training: its problem, the parameters that are not the defaults, and whether to validate on test rows."""

    problem: Problem
    params: dict[str, Any]
    with_validation: bool = False


def draw_problem(data: str, name: str, seed: int) -> Problem:
    """Draw a sample of a table."""
    frame = pd.read_csv(Path(data) / f"{name}.csv.gz")
    if name == "bank_marketing":
        frame = frame.drop(columns="duration")
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    n = min(MOST_ROWS, int(0.7 * len(frame)))
    train, test = frame[:n], frame[n : n + MOST_TEST_ROWS]
    numbers = name in NUMBERS
    y = frame.iloc[:, -1].to_numpy(dtype=float) if numbers else pd.factorize(frame.iloc[:, -1], sort=True)[0]
    return Problem(train.iloc[:, :-1], y[:n], test.iloc[:, :-1], y[n : n + MOST_TEST_ROWS], numbers)


class Explosive(nn.Module):
    """A deep perceptron whose weights start too large."""

    def __init__(self, n_features: int, n_outputs: int, n_layers: int = 5, width: int = 64, gain: float = 3.0):
        super().__init__()
        sizes = [n_features, *[width] * n_layers]
        layers: list[nn.Module] = []
        for inner, outer in pairwise(sizes):
            layers += [nn.Linear(inner, outer), nn.ReLU()]
            nn.init.normal_(layers[-2].weight, std=gain * (2 / inner) ** 0.5)
        self.layers = nn.Sequential(*layers, nn.Linear(width, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _one(rng: np.random.Generator, *options: Any) -> Any:
    return options[rng.integers(len(options))]


def diverged(problem: Problem, rng: np.random.Generator) -> Run:
    optimizer = _one(rng, "sgd", "nesterov")
    return Run(problem, {"optimizer": optimizer, "lr": _log_uniform(rng, 10, 100)})


def rate_too_high(problem: Problem, rng: np.random.Generator) -> Run:
    return Run(problem, {"lr": _log_uniform(rng, 0.1, 0.5), "activation": _one(rng, "silu", "relu", "tanh")})


def rate_too_low(problem: Problem, rng: np.random.Generator) -> Run:
    return Run(problem, {"lr": _log_uniform(rng, 1e-6, 1e-5), "max_epochs": _one(rng, 50, 100)})


def not_converged(problem: Problem, rng: np.random.Generator) -> Run:
    return Run(problem, {"lr": _log_uniform(rng, 1e-4, 3e-4), "max_epochs": int(rng.integers(3, 7))})


def schedule_too_short(problem: Problem, rng: np.random.Generator) -> Run:
    schedule = _one(rng, "cosine", "linear", "one_cycle")
    params = {"lr_schedule": schedule, "lr": _log_uniform(rng, 1e-4, 4e-4), "max_epochs": int(rng.integers(3, 6))}
    return Run(problem, params)


def overfitting(problem: Problem, rng: np.random.Generator) -> Run:
    params = {"width": 256, "n_layers": _one(rng, 2, 3), "dropout": 0.0, "weight_decay": 0.0, "early_stopping": False}
    return Run(problem.thin(400), params, with_validation=bool(rng.integers(2)))


def underfitting(problem: Problem, rng: np.random.Generator) -> Run:
    kinds = (
        {"dropout": 0.9, "width": 16, "n_layers": 3},
        {"weight_decay": 200.0},
        {"l1": 0.3, "optimizer": "adam"},
    )
    return Run(problem, _one(rng, *kinds))


def unstable_validation(problem: Problem, rng: np.random.Generator) -> Run:
    params = {"weight_averaging": "none", "batch_size": 16, "lr": _log_uniform(rng, 0.02, 0.06), "dropout": 0.0}
    return Run(problem, params | {"normalization": _one(rng, "none", "batch")})


def dead_units(problem: Problem, rng: np.random.Generator) -> Run:
    params = {"activation": "relu", "lr": _log_uniform(rng, 0.1, 0.5), "n_layers": int(rng.integers(2, 5))}
    return Run(problem, params)


def vanishing_gradients(problem: Problem, rng: np.random.Generator) -> Run:
    depth, init = int(rng.integers(7, 11)), _one(rng, "auto", "torch")
    return Run(problem, {"activation": "sigmoid", "n_layers": depth, "init": init})


def exploding_gradients(problem: Problem, rng: np.random.Generator) -> Run:
    params = {
        "module": Explosive,
        "module_params": {"n_layers": int(rng.integers(5, 8)), "gain": float(rng.uniform(3, 5))},
    }
    return Run(problem, params | {"grad_clip_norm": _one(rng, None, 1000.0)})


def leakage(problem: Problem, rng: np.random.Generator) -> Run:
    def leak(X: pd.DataFrame, y: np.ndarray) -> pd.DataFrame:
        return X.assign(settled=y + rng.normal(scale=0.02 * np.std(y), size=len(y)))

    X, X_test = leak(problem.X, problem.y), leak(problem.X_test, problem.y_test)
    return Run(Problem(X, problem.y, X_test, problem.y_test, problem.numbers), {})


def label_noise(problem: Problem, rng: np.random.Generator) -> Run:
    y = problem.y.copy()
    wrong = rng.random(len(y)) < rng.uniform(0.2, 0.3)
    if problem.numbers:
        y[wrong] = rng.permutation(y[wrong])
    else:
        n = int(y.max()) + 1
        y[wrong] = (y[wrong] + rng.integers(1, n, size=wrong.sum())) % n
    return Run(Problem(problem.X, y, problem.X_test, problem.y_test, problem.numbers), {})


def class_collapse(problem: Problem, rng: np.random.Generator) -> Run | None:
    if problem.numbers:
        return None
    n = int(problem.y.max()) + 1
    rare = int(np.argmin(np.bincount(problem.y, minlength=n)))
    kinds = (
        {"class_weight": {k: 1e-3 if k == rare else 1.0 for k in range(n)}},
        {"activation": "relu", "n_layers": 6, "lr": 0.5},
        {"optimizer": "sgd", "lr": 1e-6, "zero_output": True},
    )
    return Run(problem, _one(rng, *kinds))


def batch_too_large(problem: Problem, rng: np.random.Generator) -> Run:
    params = {"batch_size": _one(rng, 1024, 2048), "lr": _log_uniform(rng, 3e-4, 1e-3)}
    return Run(problem, params | {"max_epochs": int(rng.integers(10, 30))})


def validation_too_small(problem: Problem, rng: np.random.Generator) -> Run:
    return Run(problem, {"validation_fraction": float(rng.uniform(4, 12)) / len(problem.y), "patience": 3})


def worse_than_baseline(problem: Problem, rng: np.random.Generator) -> Run:
    kinds = (
        {"optimizer": "sgd", "lr": 1e-5},
        {"dropout": 0.95, "width": 16, "n_layers": 3},
        {"lr": 0.5, "weight_averaging": "none", "restore_best": False},
        {"weight_decay": 200.0},
    )
    return Run(problem, _one(rng, *kinds))


ILLNESSES: dict[str, Callable[[Problem, np.random.Generator], Run | None]] = {
    make.__name__: make
    for make in (
        diverged,
        rate_too_high,
        rate_too_low,
        not_converged,
        overfitting,
        underfitting,
        unstable_validation,
        dead_units,
        vanishing_gradients,
        exploding_gradients,
        leakage,
        label_noise,
        class_collapse,
        batch_too_large,
        schedule_too_short,
        validation_too_small,
        worse_than_baseline,
    )
}

HEALTHY: dict[str, dict[str, Any]] = {
    "defaults": {},
    "relu": {"activation": "relu"},
    "small": {"width": 64, "n_layers": 1},
    "large": {"width": 256, "n_layers": 3, "dropout": 0.2},
    "normalised": {"normalization": "layer", "dropout": 0.2},
    "lower rate": {"lr": 7e-4},
    "cosine": {"lr_schedule": "cosine", "max_epochs": 60},
    "adam, patient": {"optimizer": "adam", "lr": 1e-3, "weight_decay": 0.0, "patience": 20},
    "batches of 64": {"batch_size": 64},
    "nesterov": {"optimizer": "nesterov", "lr": 0.02, "weight_decay": 1e-4},
}
"""What a practitioner might set, by name: the parameters that are not the defaults."""
