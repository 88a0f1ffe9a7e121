"""What networks learn from a column of dates, beside skrub's encodings of it.

Usage: dates.py [--rows 1500 6000] [--seeds 3] [--json]

The tables are made here: a date and three numbers; the target has a trend, a season, a
week, and hours of the day where dates have a time. The score is r2 on a quarter of the
rows: drawn at random, or the latest. Noise leaves at most what "most" says. All
contestants are the same network at its defaults, but "boosting", which is
`make_baseline` on our numbers of dates.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from machine import machine
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from skrub import DatetimeEncoder, TableVectorizer

from sknet_hp import NetRegressor
from sknet_hp.evaluation import make_baseline

YEARS = 3
NOISE = 0.5
WEEK = np.array([0, 0.1, 0.1, 0.2, 0.8, 1.5, 1.2])  # from Monday on


def make_table(n_rows: int, with_time: bool, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A table in the order of time, its target, and the target without noise."""
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.uniform(0, YEARS * 365.25 * 86_400, n_rows))
    when = pd.DatetimeIndex(pd.Timestamp("2021-01-01") + pd.to_timedelta(seconds, unit="s")).floor("min")
    when = when if with_time else when.normalize()
    x = rng.normal(size=(n_rows, 3))
    year = 2 * np.pi * when.day_of_year / 365.25
    signal = 0.8 * np.arange(n_rows) / n_rows + np.sin(year - 1) + 0.5 * np.sin(2 * year) + WEEK[when.day_of_week]
    if with_time:
        hour = when.hour + when.minute / 60
        rush = np.exp(-(((hour - 8) / 2) ** 2)) + 1.3 * np.exp(-(((hour - 18) / 3) ** 2))
        signal = signal + 2 * rush * (when.day_of_week < 5)
    signal = np.asarray(signal + 0.5 * x[:, 0] + 0.3 * np.maximum(x[:, 1], 0))
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(when=when)
    return table, signal + rng.normal(size=n_rows) * NOISE, signal


def make_skrub(seed: int, **parameters: Any) -> Any:
    """The network behind skrub's `TableVectorizer`."""
    dates = DatetimeEncoder(**parameters)
    return make_pipeline(TableVectorizer(datetime=dates), NetRegressor(random_state=seed))


CONTESTANTS: dict[str, Callable[[int], Any]] = {
    "our dates": lambda seed: NetRegressor(random_state=seed),
    "skrub, default": make_skrub,
    "skrub, all, circular": lambda seed: make_skrub(
        seed, add_weekday=True, add_day_of_year=True, periodic_encoding="circular"
    ),
    "skrub, all, splines": lambda seed: make_skrub(
        seed, add_weekday=True, add_day_of_year=True, periodic_encoding="spline"
    ),
    "boosting": lambda seed: make_baseline("boosting", "regression", seed),
}


def measure(n_rows: int, with_time: bool, later: bool, seed: int) -> dict[str, tuple[float, float]]:
    """The score and the seconds of each contestant."""
    table, y, signal = make_table(n_rows, with_time, seed)
    order = np.arange(n_rows) if later else np.random.default_rng(seed).permutation(n_rows)
    train, test = order[: 3 * n_rows // 4], order[3 * n_rows // 4 :]
    outcome = {"most": (r2_score(y[test], signal[test]), 0.0)}
    for name, make in CONTESTANTS.items():
        start = time.perf_counter()
        model = make(seed).fit(table.iloc[train], y[train])
        score = r2_score(y[test], model.predict(table.iloc[test]))
        outcome[name] = (score, time.perf_counter() - start)
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1500, 6000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = []
    for with_time in (False, True):
        for n_rows in options.rows:
            for later in (False, True):
                runs = [measure(n_rows, with_time, later, seed) for seed in range(options.seeds)]
                lines.append(
                    {
                        "dates": "times" if with_time else "days",
                        "rows": n_rows,
                        "tested on": "later" if later else "any",
                    }
                    | {name: float(np.mean([run[name][0] for run in runs])) for name in runs[0]}
                    | {f"{name}, s": float(np.mean([run[name][1] for run in runs])) for name in CONTESTANTS}
                )
    if options.json:
        print(json.dumps({"machine": machine("skrub", "pandas"), "lines": lines}))
        return
    print(machine("skrub", "pandas"))
    with pd.option_context("display.width", 250, "display.max_columns", None):
        print(pd.DataFrame(lines).round(3).T.to_string(header=False))


if __name__ == "__main__":
    main()
