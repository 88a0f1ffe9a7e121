"""How near the suggestions of `find_lr` come to the best constant learning rate.

Usage: find_lr.py DATA_DIR [--tables NAME ...] [--splits N] [--tests N] [--json FILE]

DATA_DIR holds tables as CSV files (compressed or not), the target in the last column,
numbers with many values making a regression. The best rate is that of a full sweep: 19
rates from 3e-5 to 1, each with default settings (early stopping, at most 100 epochs) on
at most 5,000 training rows of N splits, judged by the loss on other rows. `find_lr` is
given the training rows of the first splits. What is in FILE already is not measured
again.
"""

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from machine import machine
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import sknet_hp
from sknet_hp.tuning import find_lr
from sknet_hp.tuning.learning_rate.suggestions import smooth_losses

RATES = 10.0 ** np.arange(-4.5, 0.01, 0.25)
MAX_TRAIN, MAX_TEST = 5_000, 10_000
LEAKS = {"bank_marketing": ["duration"]}  # columns that tell the outcome
DEFAULT = sknet_hp.NetClassifier().lr
SHOWN = [("sweep", "suggestion"), ("ramp", "suggestion"), ("ramp", "steepest"), ("ramp", "tenth_of_lowest")]


class Table:
    """One table of the folder."""

    def __init__(self, path: Path):
        self.name = path.name.split(".")[0]
        table = pd.read_csv(path)
        y = table.pop(table.columns[-1])
        self.classes = bool(y.dtype == object or isinstance(y.dtype, pd.StringDtype) or y.nunique() <= 20)
        self.X = table.drop(columns=LEAKS.get(self.name, []))
        self.y = y.astype(str).to_numpy() if self.classes else y.to_numpy(float)
        self.Net: Any = sknet_hp.NetClassifier if self.classes else sknet_hp.NetRegressor

    def split(self, seed: int) -> Any:
        """Return X_train, X_test, y_train, y_test."""
        n_train = min(MAX_TRAIN, int(len(self.y) * 0.75))
        return train_test_split(
            self.X,
            self.y,
            train_size=n_train,
            test_size=min(MAX_TEST, len(self.y) - n_train),
            random_state=seed,
            stratify=self.y if self.classes else None,
        )

    def measure_chance(self) -> float:
        """Return the loss of the best constant prediction."""
        if not self.classes:
            return 1.0
        shares = np.unique(self.y, return_counts=True)[1] / len(self.y)
        return float(-(shares * np.log(shares)).sum())


def measure(net: Any, X: Any, X_test: Any, y: Any, y_test: Any) -> float:
    """Return the loss on other rows: log loss, or the squared error as a share of the
    variance.
    """
    warnings.simplefilter("ignore")
    net.fit(X, y)
    if hasattr(net, "predict_proba"):
        return float(log_loss(y_test, net.predict_proba(X_test).astype(float), labels=net.classes_))
    return float(np.mean((net.predict(X_test) - y_test) ** 2) / np.var(y_test))


def sweep(table: Table, seed: int) -> list[float]:
    """Return the losses of all rates in one split."""
    parts = table.split(seed)
    with sknet_hp.fused():
        return Parallel(pre_dispatch="all")(
            delayed(measure)(table.Net(lr=float(rate), random_state=100 + seed), *parts) for rate in RATES
        )


def suggest(table: Table, seed: int, method: str) -> dict[str, Any]:
    """Return what `find_lr` says of the training rows of one split."""
    X, _, y, _ = table.split(seed)
    start, spent = time.perf_counter(), time.process_time()
    result = find_lr(table.Net(random_state=seed), X, y, method=method)
    times = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - spent}
    return {"split": seed, "method": method, **result.rates._asdict(), "spread": dict(result.spread), **times}


class Truth:
    """The losses of a full sweep, and what they say.

    Attributes
    ----------
    best, low, high : the rate of the lowest loss, and the ends of its band: rates whose
        loss is less than two standard errors (of differences in the same splits) higher.
    """

    def __init__(self, losses: np.ndarray, chance: float):
        curves = [smooth_losses(RATES, np.asarray(row, dtype=float), chance) for row in losses]
        self.rates, by_split = curves[0].rates, np.array([curve.losses for curve in curves])
        self.losses = by_split.mean(axis=0)
        k = int(np.argmin(self.losses))
        beyond = by_split - by_split[:, [k]]
        error = beyond.std(axis=0, ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else np.zeros(len(self.rates))
        worse = np.flatnonzero(beyond.mean(axis=0) > 2 * error)
        self.best = self.rates[k]
        self.low = self.rates[max((j for j in worse if j < k), default=-1) + 1]
        self.high = self.rates[min((j for j in worse if j > k), default=len(self.rates)) - 1]

    def compute_factor(self, rate: float) -> float:
        """Return how many times too large or too small a rate is."""
        return float(max(rate / self.best, self.best / rate))

    def compute_cost(self, rate: float) -> float:
        """Return by which share the loss is higher than at the best rate."""
        loss = np.interp(np.log10(rate), np.log10(self.rates), self.losses)
        return float(loss / self.losses.min() - 1)


def write_row(name: str, half: str, record: dict[str, Any]) -> str:
    truth = Truth(np.array(record["losses"]), record["chance"])
    cells = [name, half, f"{truth.best:.1e} ({truth.low:.0e} to {truth.high:.0e})"]
    for method, what in SHOWN:
        found = [one[what] for one in record["found"] if one["method"] == method]
        rate = float(np.exp(np.mean(np.log(found))))
        worst = max(map(truth.compute_factor, found))
        more = f" to {worst:.1f}" if len(found) > 1 else ""
        cells.append(f"{rate:.1e}, × {truth.compute_factor(rate):.1f}{more}, {100 * truth.compute_cost(rate):+.1f} %")
    cells.append(f"× {truth.compute_factor(DEFAULT):.1f}, {100 * truth.compute_cost(DEFAULT):+.1f} %")
    thirds = [truth.compute_cost(truth.best * factor) for factor in (1 / 3, 3)]
    return "| " + " | ".join([*cells, " / ".join(f"{100 * cost:+.1f} %" for cost in thirds)]) + " |"


def count_near(records: dict[str, Any]) -> str:
    """Return on how many tables suggestions are near the best rate."""
    lines = []
    for method, what in (
        ("sweep", "suggestion"),
        *(("ramp", w) for w in ("suggestion", "steepest", "tenth_of_lowest")),
    ):
        near = in_band = total = 0
        costs = []
        for record in records.values():
            truth = Truth(np.array(record["losses"]), record["chance"])
            for one in record["found"]:
                if one["method"] == method:
                    total += 1
                    near += truth.compute_factor(one[what]) <= 3
                    in_band += truth.low / 3 <= one[what] <= truth.high * 3
                    costs.append(truth.compute_cost(one[what]))
        lines.append(
            f"{method}, {what}: within a factor of three of the best rate in {near} of {total} tests, of its band in "
            f"{in_band}; the loss is {100 * np.mean(costs):.1f} % higher than at the best rate, at most "
            f"{100 * max(costs):.1f} %"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tables", nargs="*", metavar="NAME")
    parser.add_argument("--splits", type=int, default=48)
    parser.add_argument("--tests", type=int, default=1, help="splits on whose training rows find_lr is tried")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    records: dict[str, Any] = json.loads(args.json.read_text()) if args.json and args.json.exists() else {}
    paths = sorted([*args.data.glob("*.csv"), *args.data.glob("*.csv.gz")])
    names = [path.name.split(".")[0] for path in paths]
    print(json.dumps(machine("pandas")))
    for path, name in zip(paths, names, strict=True):
        if args.tables and name not in args.tables:
            continue
        table = Table(path)
        record = records.setdefault(name, {"chance": table.measure_chance(), "losses": [], "found": []})
        known = {(one["split"], one["method"]) for one in record["found"]}
        for seed in range(args.tests):
            for method in ("sweep", "ramp"):
                if (seed, method) not in known:
                    record["found"].append(suggest(table, seed, method))
        for seed in range(len(record["losses"]), args.splits):
            record["losses"].append(sweep(table, seed))
        if args.json:
            args.json.write_text(json.dumps(records))
        print(f"{name}: {json.dumps(record['found'])}", flush=True)
    shown = {name: records[name] for name in names if name in records and (not args.tables or name in args.tables)}
    ramp = "ramp: valley | ramp: steepest | ramp: a tenth of lowest"
    print(f"\n| table | half | best rate (band) | sweep | {ramp} | default, {DEFAULT} | best / 3, best × 3 |")
    print("|---" * 9 + "|")
    for name, record in shown.items():
        print(write_row(name, "confirmed" if names.index(name) % 2 else "chosen", record))
    print(f"\n{count_near(shown)}")


if __name__ == "__main__":
    main()
