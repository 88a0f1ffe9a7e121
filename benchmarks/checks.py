"""What checks of data find in real tables: as they are, with faults made on purpose, and
with labels changed.

    python benchmarks/checks.py DATA                    # tables as they are, and faults
    python benchmarks/checks.py DATA --labels           # wrong labels: trains networks

DATA is a folder of NAME.csv.gz whose last column is the target and whose empty cells
are missing. Columns of text as target are classes, and numbers with at most 20 values.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from machine import machine
from scipy.stats import rankdata
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

from sknet_hp import NetClassifier, fused
from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.evaluation.checks.labels import count_contradicted, find_label_noise, rank_suspects
from sknet_hp.findings.data import find_in_data
from sknet_hp.findings.data.case import make_case
from sknet_hp.findings.data.leakage import choose_balanced, choose_columns, measure_strength

MOST_CLASSES = 20


class Problem(NamedTuple):
    """A table with its target; how rows are dealt to folds, and their groups."""

    X: pd.DataFrame
    y: pd.Series
    is_class: bool
    shuffle: bool = True
    groups: np.ndarray | None = None

    def find(self, seed: int = 0) -> Any:
        splitter = StratifiedKFold if self.is_class and self.shuffle else KFold
        cv = splitter(5, shuffle=self.shuffle, random_state=seed if self.shuffle else None)
        splits = list(cv.split(self.X, self.y))
        return find_in_data(self.X, self.y, splits=splits, groups=self.groups)


def read(folder: str) -> Iterator[tuple[str, Problem]]:
    for path in sorted(Path(folder).glob("*.csv.gz")):
        frame = pd.read_csv(path)
        y = frame.iloc[:, -1]
        is_class = not pd.api.types.is_numeric_dtype(y) or y.nunique() <= MOST_CLASSES
        yield path.name.removesuffix(".csv.gz"), Problem(frame.iloc[:, :-1], y, is_class)


def numbers(problem: Problem) -> list[str]:
    return [c for c in problem.X if pd.api.types.is_float_dtype(problem.X[c]) and problem.X[c].nunique() > 20]


def coded(problem: Problem) -> np.ndarray:
    return pd.factorize(problem.y)[0] if problem.is_class else problem.y.to_numpy(float)


def repeat(problem: Problem, rng: np.random.Generator, noise: float = 0.0) -> Problem | None:
    columns = numbers(problem)
    if noise and len(columns) < 3:
        return None
    rows = rng.choice(len(problem.X), len(problem.X) // 20, replace=False)
    copies = problem.X.iloc[rows].copy()
    for column in columns:
        copies[column] += noise * problem.X[column].std() * rng.normal(size=len(copies))
    X = pd.concat([problem.X, copies], ignore_index=True)
    return problem._replace(X=X, y=pd.concat([problem.y, problem.y.iloc[rows]], ignore_index=True))


def copy(problem: Problem, rng: np.random.Generator) -> Problem:
    made = "v" + problem.y.astype(str) if problem.is_class else 3 - 2 * problem.y
    return problem._replace(X=problem.X.assign(made=made))


def blur(problem: Problem, rng: np.random.Generator) -> Problem:
    target = coded(problem)
    wrong = rng.random(len(target)) < 0.02
    target = (
        np.where(wrong, rng.permutation(target), target)
        if problem.is_class
        else target * rng.normal(1, 0.02, len(target))
    )
    return problem._replace(X=problem.X.assign(made=target))


def scale(problem: Problem, rng: np.random.Generator) -> Problem | None:
    columns = list(problem.X.select_dtypes("number"))
    if sum(problem.X[column].nunique() >= 10 for column in columns) < 3:
        return None
    X = problem.X.copy()
    X[columns] = (X[columns] - X[columns].mean()) / X[columns].std(ddof=0)
    return problem._replace(X=X)


def encode(problem: Problem, rng: np.random.Generator) -> Problem:
    category = rng.integers(0, 12, len(problem.X))
    target = coded(problem) if not problem.is_class else (coded(problem) == 0).astype(float)
    return problem._replace(X=problem.X.assign(made=pd.Series(target).groupby(category).transform("mean")))


def add(make: Callable[[int, np.random.Generator], Any]) -> Callable[[Problem, np.random.Generator], Problem]:
    return lambda problem, rng: problem._replace(X=problem.X.assign(made=make(len(problem.X), rng)))


def order(problem: Problem, rng: np.random.Generator) -> Problem:
    rows = np.argsort(rankdata(coded(problem)) + rng.normal(scale=len(problem.X) / 4, size=len(problem.X)))
    return problem._replace(X=problem.X.iloc[rows], y=problem.y.iloc[rows], shuffle=False)


FAULTS: dict[str, tuple[str, Callable[[Problem, np.random.Generator], Problem | None]]] = {
    "a twentieth of the rows is repeated": ("duplicate_rows", repeat),
    "the same, noise of 0.1 % of the deviation": ("near_duplicates", lambda p, rng: repeat(p, rng, 0.001)),
    "the same, noise of 1 % of the deviation": ("near_duplicates", lambda p, rng: repeat(p, rng, 0.01)),
    "a copy of the target, by another name": ("leakage", copy),
    "the target, 2 % wrong": ("leakage", blur),
    "a number for each row": ("id_column", add(lambda n, rng: np.arange(n))),
    "a key for each row": ("id_column", add(lambda n, rng: [f"{k:08x}" for k in rng.permutation(n)])),
    "numbers standardised over all rows": ("prepared_outside_folds", scale),
    "mean targets over all rows": ("prepared_outside_folds", encode),
    "a date, rows in its order": ("time_overlap", add(lambda n, rng: pd.date_range("2020", periods=n, freq="h"))),
    "rows nearly sorted, folds unshuffled": ("row_order", order),
    "groups torn": ("group_overlap", lambda p, rng: p._replace(groups=np.arange(len(p.X)) // 5)),
    "a constant column": ("useless_columns", add(lambda n, rng: np.ones(n))),
}
"""What is done to a table, and the code that must be found."""


def show_tables(folder: str) -> list[dict[str, Any]]:
    """Print what is found in tables as they are, with strongest columns and CPU seconds."""
    rows = []
    for name, problem in read(folder):
        start = time.process_time()
        findings = problem.find()
        seconds = time.process_time() - start
        case = make_case(problem.X, problem.y)
        assert case is not None
        assert case.target is not None
        chosen = choose_balanced(case.target, problem.is_class, np.random.default_rng(0))
        target = case.target[chosen] if problem.is_class else rankdata(case.target[chosen])
        columns = choose_columns(case.columns, chosen, target, problem.is_class)
        strengths = sorted((measure_strength(c, chosen, target, problem.is_class), c.name) for c in columns)[::-1]
        strongest = ", ".join(f"{column} {strength:.2f}" for strength, column in strengths[:2])
        codes = ", ".join(f"{finding.code} ({finding.severity})" for finding in findings) or "–"
        shape = f"{len(problem.X):,} × {problem.X.shape[1]}"
        print(f"| {name} | {shape} | {codes} | {strongest} | {seconds:.2f} s |", flush=True)
        rows.append({"table": name, "findings": codes, "strongest": strongest, "seconds": seconds})
    return rows


def show_faults(folder: str, seeds: int) -> list[dict[str, Any]]:
    """Print in how many cases each fault is found, and what else is found then."""
    problems = dict(read(folder))
    before = {name: set(problem.find().codes) for name, problem in problems.items()}
    rows = []
    for fault, (code, make) in FAULTS.items():
        found, made, missed, others = 0, 0, set(), set()
        for name, problem in problems.items():
            for seed in range(seeds):
                case = make(problem, np.random.default_rng(seed))
                if case is None:
                    continue
                codes = set(case.find(seed).codes)
                made, found = made + 1, found + (code in codes)
                missed |= set() if code in codes else {name}
                others |= {f"{other} in {name}" for other in codes - before[name] - {code}}
        rows.append({"fault": fault, "code": code, "found": found, "of": made, "missed": sorted(missed)})
        rows[-1]["others"] = sorted(others)
        print(f"| {fault} | {code} | {found} of {made} | {', '.join(missed) or '–'} | {', '.join(others) or '–'} |")
    return rows


def show_labels(folder: str, seeds: int, most_rows: int) -> list[dict[str, Any]]:
    """Print what labels of which some are changed do to the surest predictions."""
    rows = []
    for name, problem in read(folder):
        if not problem.is_class:
            continue
        chosen = np.random.default_rng(0).permutation(len(problem.X))[:most_rows]
        X, y = problem.X.iloc[chosen], pd.factorize(problem.y.iloc[chosen], sort=True)[0]
        for noise in (0, 0.03, 0.1, 0.2):
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                labels = np.where(
                    rng.random(len(y)) < noise, (y + rng.integers(1, y.max() + 1, len(y))) % (y.max() + 1), y
                )
                cv = StratifiedKFold(5, shuffle=True, random_state=seed)
                with fused(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    net = NetClassifier(random_state=seed)
                    probabilities = cross_val_predict(net, X, labels, cv=cv, method="predict_proba")
                wrong, surest = count_contradicted(probabilities, labels)
                suspects = rank_suspects(probabilities, labels)
                splits, classes = list(cv.split(X, labels)), np.arange(y.max() + 1)
                scores, known = {"accuracy": np.full(5, np.nan)}, {"probabilities": probabilities, "classes": classes}
                findings = list(find_label_noise(EvaluationCase(labels, splits, scores, "accuracy", **known)))
                row = {"table": name, "changed": noise, "seed": seed, "contradicted": wrong / surest}
                row |= {"suspects": len(suspects) / len(y), "right": float(np.mean((labels != y)[suspects]))}
                row["severity"] = findings[0].severity if findings else "–"
                rows.append(row)
                print("| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()) + " |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--labels", action="store_true", help="change labels, train networks, look for them")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--most-rows", type=int, default=3_000, help="of a table, with --labels")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    if args.labels:
        result = {"labels": show_labels(args.data, args.seeds, args.most_rows)}
    else:
        result = {"tables": show_tables(args.data), "faults": show_faults(args.data, args.seeds)}
    result["machine"] = machine("pandas", "narwhals", "cleanlab")
    print(json.dumps(result["machine"]))
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
