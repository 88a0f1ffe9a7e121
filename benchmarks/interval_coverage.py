"""How often the intervals of evaluations hold the true score, and how often comparisons
find a difference that is not there.

    python benchmarks/interval_coverage.py                     # all of it: 15 minutes
    python benchmarks/interval_coverage.py --what network --data-sets 20

Tables of 300 rows are drawn from a known distribution, each is evaluated as a user
would, and every model is also scored on 10,000 fresh rows. Two scores can be called
true:

- "procedure": of this way of training on tables of this size, the mean over all tables;
  it is what the interval is for;
- "models": of the very models that the evaluation has trained, on average.

`network` and `search` count how often 95 % intervals of `nested_cross_validate` hold
them, with five folds, repeated; `random` has random splits of the same sizes in their
place. `noise` has a target that depends on nothing. `equal` compares two networks that differ in their seed alone.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine

ROWS, COLUMNS, FRESH, FOLDS = 300, 8, 10_000, 5
METRICS = ("accuracy", "neg_log_loss")


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and classes whose probabilities are known."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, COLUMNS))
    logit = 2.25 * X[:, 0] + 1.5 * X[:, 1] * X[:, 2] + 1.5 * np.abs(X[:, 3]) + 0.75 * X[:, 4] - 1.2
    return X, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)


def network(seed: int) -> Any:
    from sknet_hp import NetClassifier

    return NetClassifier(
        n_layers=1, width=16, max_epochs=10, batch_size=32, lr=5e-3, early_stopping=False, random_state=seed
    )


def grid(seed: int, epochs: tuple[int, ...], lrs: tuple[float, ...], inner: int) -> Any:
    from sknet_hp.search import GridSearchCV

    return GridSearchCV(network(seed), {"lr": list(lrs), "max_epochs": list(epochs)}, cv=inner)


def evaluate(estimator: Any, X: np.ndarray, y: np.ndarray, splits: dict[str, Any], seed: int) -> Any:
    from sknet_hp.evaluation import nested_cross_validate

    return nested_cross_validate(estimator, X, y, **splits, scoring=list(METRICS), random_state=seed, checks=False)


def repeat_folds(repeats: int) -> dict[str, Any]:
    return {"cv": FOLDS, "n_repeats": repeats}


def split_at_random(n: int) -> dict[str, Any]:
    """Random splits of the same sizes as those of folds, whose test rows overlap."""
    from sklearn.model_selection import StratifiedShuffleSplit

    return {"cv": StratifiedShuffleSplit(n, test_size=1 / FOLDS, random_state=0)}


def score_fresh(models: list[Any], fresh: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Both metrics of each model on the fresh rows, of shape (metrics, models)."""
    from sklearn.metrics import log_loss

    X, y = fresh
    found = [model.predict_proba(X) for model in models]
    return np.array([[(p.argmax(axis=1) == y).mean() for p in found], [-log_loss(y, p) for p in found]])


def measure_coverage(
    name: str, make: Callable[[int], Any], splits: dict[str, Any], n_sets: int
) -> list[dict[str, Any]]:
    """How often intervals hold the true score, from the first splits up to all."""
    from sknet_hp.evaluation import corrected_interval

    fresh = draw(FRESH, seed=10**6)
    outer, true = [], []
    for seed in watch(name, n_sets):
        result = evaluate(make(seed), *draw(ROWS, seed), splits, seed)
        outer.append([result.outer_scores[metric] for metric in METRICS])
        true.append(score_fresh(result.estimators, fresh))
    scores, trues = np.array(outer), np.array(true)  # (data sets, metrics, splits)
    rows = []
    for k, metric in enumerate(METRICS):
        truth = trues[:, k].mean()
        for n in [n for n in (5, 10, 15, 25, 50) if n <= scores.shape[2]]:
            seen, of_models = scores[:, k, :n], trues[:, k, :n].mean(axis=1)
            n_test = ROWS / FOLDS
            ends = np.array([corrected_interval(each, ROWS - n_test, n_test) for each in seen])
            rows.append(
                {
                    "what": name,
                    "metric": metric,
                    "splits": n,
                    "truth": truth,
                    "bias": seen.mean() - truth,
                    "holds_procedure": float(np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1]))),
                    "holds_models": float(np.mean((ends[:, 0] <= of_models) & (of_models <= ends[:, 1]))),
                    "half_width": float(np.mean(ends[:, 1] - ends[:, 0]) / 2),
                    "sd_of_mean": float(seen.mean(axis=1).std(ddof=1)),
                }
            )
    return rows


def measure_noise(n_sets: int) -> list[dict[str, Any]]:
    """What a search on noise says of itself, and what nested cross-validation says."""
    inner, outer, held = [], [], []
    for seed in watch("noise", n_sets):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(ROWS, COLUMNS)), np.arange(ROWS) % 2
        result = evaluate(grid(seed, (5, 10, 20), (1e-3, 3e-3, 1e-2, 3e-2), 3), X, y, repeat_folds(1), seed)
        inner.append(result.inner_scores.mean())
        outer.append(result.outer_scores["accuracy"].mean())
        low, high = result.interval()["accuracy"]
        held.append(low <= 0.5 <= high)
    error = np.std(outer, ddof=1) / np.sqrt(n_sets)
    row = {"what": "noise", "inner": np.mean(inner), "outer": np.mean(outer), "standard_error_of_outer": error}
    return [row | {"intervals_with_chance": np.mean(held)}]


def measure_false_alarms(repeats: int, n_sets: int) -> list[dict[str, Any]]:
    """How often a difference is found between networks that differ in their seed."""
    from sknet_hp.evaluation import compare

    counts = {r: [0, 0] for r in (1, 2, 3, 5, 10) if r <= repeats}
    for seed in watch("equal", n_sets):
        X, y = draw(ROWS, seed)
        pair = network(seed), network(seed + 10**5)
        made = compare(*pair, X=X, y=y, cv=FOLDS, n_repeats=repeats, random_state=seed, checks=False, names=["a", "b"])
        n_test = ROWS / FOLDS
        for r, found in counts.items():
            scores = made.scores.to_numpy()[: r * FOLDS].T
            [part] = compare(*scores, n_train=ROWS - n_test, n_test=n_test, rope=0.01).pairs
            found[0] += part.test.p_value < 0.05
            found[1] += max(part.probabilities.below, part.probabilities.above) >= 0.95
    return [
        {"what": "equal", "repeats": r, "p_below_5_percent": p / n_sets, "better_by_more_than_the_rope": b / n_sets}
        for r, (p, b) in counts.items()
    ]


def watch(name: str, n_sets: int) -> Iterator[int]:
    """Count data sets, and say how far it is."""
    start = time.perf_counter()
    for seed in range(n_sets):
        yield seed
        if seed + 1 in (n_sets // 10, n_sets):
            print(f"{name}: {seed + 1} of {n_sets} data sets, {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    parts: dict[str, Callable[[int], list[dict[str, Any]]]] = {
        "network": lambda n: measure_coverage("network", network, repeat_folds(5), n),
        "random": lambda n: measure_coverage("random", network, split_at_random(15), n),
        "search": lambda n: measure_coverage(
            "search", lambda seed: grid(seed, (10,), (2e-3, 2e-2), 2), repeat_folds(3), n
        ),
        "noise": lambda n: measure_noise(max(n // 10, 2)),
        "equal": lambda n: measure_false_alarms(3, n),
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", action="append", choices=parts)
    parser.add_argument("--data-sets", type=int, default=500, help="a tenth of it for noise, which takes longest")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for what in args.what or parts:
        for row in parts[what](args.data_sets):
            rows.append(row)
            print(
                "  ".join(
                    f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()
                )
            )
    result = {"machine": machine(), "rows": rows}
    print(json.dumps(result["machine"]))
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1, default=float))


if __name__ == "__main__":
    main()
