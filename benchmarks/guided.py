"""Guided tuning beside our best single searches and the estimator's defaults, in the
same time.

Usage: guided.py DATA --out FILE [--budgets 30 120] [--seeds 5] [--tables NAME ...]
[--only NAME ...] [--jobs 2] [--processor-time]

DATA is a folder with tables as `NAME.csv.gz`, the target in the last column. Each
contestant sees three quarters of the rows and as many seconds as the others, its final
fit included; "loss" is the log loss, or the root of the mean squared error over the
standard deviation, on the other rows. Each (table, seconds, seed, contestant) runs in a
process of its own on one core, `--jobs` of them at a time; kernels are compiled before
the clock starts. Each outcome is a line of FILE, and what is there is not run again; a
whole run takes hours. The defaults take as long as they take. On a machine that others use
too, `--processor-time` gives all of them a clock that goes only while they compute.

A search that ends before its time is up is what it is; one that takes longer is shown
by its seconds. "Beyond noise" is a mean difference over seeds of more than two standard
errors.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

TABLES = (
    "adult",
    "bank_marketing",
    "california_housing",
    "diamonds",
    "german_credit",
    "magic",
    "satimage",
    "telco_churn",
)
NUMBERS = ("california_housing", "diamonds")
LEAKS = {"bank_marketing": ["duration"]}
"""Columns that are known only when the outcome is."""

DEFAULT, GUIDED = "defaults", "GuidedSearchCV"
CONTESTANTS = (DEFAULT, "HalvingSearchCV, ensemble", "BOHBSearchCV, ensemble", GUIDED)


class Case(NamedTuple):
    """What one process runs."""

    table: str
    seconds: float
    seed: int
    contestant: str


def make_contestant(case: Case, net: Any, scoring: str) -> Any:
    from sknet_hp.search import BOHBSearchCV, HalvingSearchCV, search_space
    from sknet_hp.tuning import GuidedSearchCV

    common = {"scoring": scoring, "cv": 3, "random_state": case.seed, "time_budget": case.seconds}
    if case.contestant == DEFAULT:
        return net
    if case.contestant == GUIDED:
        return GuidedSearchCV(net, **common)
    Search = HalvingSearchCV if case.contestant.startswith("Halving") else BOHBSearchCV
    return Search(net, search_space(net), initial_candidates="current", refit="ensemble", **common)


def run_case(data: Path, case: Case, *, processor_time: bool) -> dict[str, Any]:
    """Return loss and seconds of one contestant, in this process."""
    import time
    import warnings

    if processor_time:
        time.monotonic = time.perf_counter = time.process_time
    import numpy as np
    import pandas as pd
    from sklearn.base import clone
    from sklearn.metrics import log_loss
    from sklearn.model_selection import train_test_split

    from sknet_hp import NetClassifier, NetRegressor

    warnings.simplefilter("ignore")
    numbers = case.table in NUMBERS
    frame = pd.read_csv(data / f"{case.table}.csv.gz").drop(columns=LEAKS.get(case.table, []))
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    X, X_test, y, y_test = train_test_split(X, y, random_state=case.seed, stratify=None if numbers else y)
    net = (NetRegressor if numbers else NetClassifier)(random_state=case.seed)
    warm_up = clone(net).set_params(max_epochs=1).fit(X, y)
    (warm_up.predict if numbers else warm_up.predict_proba)(X_test)
    model = make_contestant(case, net, "neg_root_mean_squared_error" if numbers else "neg_log_loss")
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    if numbers:
        loss = float(np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) / np.std(y_test))
    else:
        loss = float(log_loss(y_test, model.predict_proba(X_test), labels=model.classes_))
    results = getattr(model, "cv_results_", None)
    candidates = 1 if results is None else len(set(results["candidate"]))
    return case._asdict() | {"loss": loss, "took": seconds, "candidates": candidates}


def list_cases(arguments: argparse.Namespace) -> Iterator[Case]:
    for seed in range(arguments.seeds):
        for table in arguments.tables:
            for seconds in arguments.budgets:
                for contestant in arguments.only:
                    yield Case(table, seconds, seed, contestant)


def run_apart(data: Path, out: Path, case: Case, *, processor_time: bool) -> None:
    """Run a case in a process of its own on one core, and append its outcome."""
    one_core = {"OMP_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1"}
    command = [sys.executable, __file__, str(data), "--one", json.dumps(case)]
    if processor_time:
        command.append("--processor-time")
    done = subprocess.run(command, env=os.environ | one_core, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{case}: failed\n{done.stderr}", file=sys.stderr)
        return
    line = done.stdout.splitlines()[-1]
    with out.open("a") as file:
        file.write(line + "\n")
    outcome = json.loads(line)
    print(
        f"{case.table}, {case.seconds:g} s, seed {case.seed}, {case.contestant}: loss {outcome['loss']:.4f} after "
        f"{outcome['took']:.1f} s, {outcome['candidates']} candidates",
        flush=True,
    )


def read_outcomes(out: Path) -> dict[Case, dict[str, Any]]:
    lines = out.read_text().splitlines() if out.exists() else []
    outcomes = [json.loads(line) for line in lines]
    return {Case(*(each[name] for name in Case._fields)): each for each in outcomes}


def write_table(outcomes: dict[Case, dict[str, Any]], seconds: float) -> str:
    """Return the outcomes at one budget as a table of Markdown."""
    import numpy as np
    from scipy.stats import rankdata

    own = {case: each for case, each in outcomes.items() if case.seconds == seconds}
    contestants = [name for name in CONTESTANTS if any(case.contestant == name for case in own)]
    grid = sorted({(case.table, case.seed) for case in own})
    whole = [
        (table, seed) for table, seed in grid if all(Case(table, seconds, seed, name) in own for name in contestants)
    ]
    if not whole:
        return f"{seconds:g} s: no table and seed has all contestants yet"
    losses = np.array(
        [[own[Case(table, seconds, seed, name)]["loss"] for name in contestants] for table, seed in whole]
    )
    took = np.array([[own[Case(table, seconds, seed, name)]["took"] for name in contestants] for table, seed in whole])
    ranks = np.array([rankdata(row) for row in losses])
    names = np.array([table for table, _ in whole])
    lines = [f"| {seconds:g} s | " + " | ".join(contestants) + " |", "|---" * (len(contestants) + 1) + "|"]
    for table in dict.fromkeys(names):
        rows = losses[names == table]
        best = rows.mean(axis=0).min()
        cells = [f"**{mean:.4f}**" if mean == best else f"{mean:.4f}" for mean in rows.mean(axis=0)]
        lines.append(f"| {table} ({len(rows)} seeds) | " + " | ".join(cells) + " |")
    lines.append("| mean rank | " + " | ".join(f"{rank:.2f}" for rank in ranks.mean(axis=0)) + " |")
    wins = (losses == losses.min(axis=1, keepdims=True)).sum(axis=0)
    lines.append(f"| best of {len(whole)} | " + " | ".join(map(str, wins)) + " |")
    if DEFAULT in contestants:
        lines += _compare_with_defaults(losses, names, contestants.index(DEFAULT))
    lines.append(
        "| seconds, mean (most) | "
        + " | ".join(f"{mean:.1f} ({most:.1f})" for mean, most in zip(took.mean(axis=0), took.max(axis=0), strict=True))
        + " |"
    )
    return "\n".join(lines)


def _compare_with_defaults(losses: Any, names: Any, default: int) -> list[str]:
    """Return lines: the loss beside the defaults', and tables that are worse beyond noise."""
    import numpy as np

    ratios = 100 * (losses / losses[:, [default]] - 1)
    worse = [[] for _ in range(losses.shape[1])]
    for table in dict.fromkeys(names):
        rows = ratios[names == table]
        error = rows.std(axis=0, ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else np.full(rows.shape[1], np.inf)
        for k in np.flatnonzero(rows.mean(axis=0) > 2 * error):
            if k != default:
                worse[k].append(table)
    means = " | ".join(f"{mean:+.2f} %" for mean in ratios.mean(axis=0))
    return [
        f"| loss beside the defaults' | {means} |",
        "| tables worse than the defaults beyond noise | "
        + " | ".join(", ".join(each) or "none" for each in worse)
        + " |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("guided.jsonl"), help="JSON lines of outcomes, to go on from")
    parser.add_argument("--budgets", type=float, nargs="+", default=[30, 120])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time, each on one core")
    parser.add_argument("--processor-time", action="store_true", help="seconds of the processor, not of a clock")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        case = Case(*json.loads(arguments.one))
        print(json.dumps(run_case(arguments.data, case, processor_time=arguments.processor_time)))
        return
    from machine import machine

    print(json.dumps(machine()))
    known = read_outcomes(arguments.out)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for case in list_cases(arguments):
            if case not in known:
                pool.submit(run_apart, arguments.data, arguments.out, case, processor_time=arguments.processor_time)
    outcomes = read_outcomes(arguments.out)
    for seconds in arguments.budgets:
        print("\n" + write_table(outcomes, seconds))


if __name__ == "__main__":
    main()
