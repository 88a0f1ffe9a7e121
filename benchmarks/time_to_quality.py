"""How long it takes until a network is as good on test rows as the one that a random
search with skorch ends with.

Usage: time_to_quality.py DATA_DIR [--tables NAME ...] [--only NAME ...] [--seeds N]
[--json FILE] [--plot FILE]

DATA_DIR holds tables as CSV files, as `quality.py` takes them. The goal, for each table
and seed, is the test score that scikit-learn's `RandomizedSearchCV(skorch net,
n_jobs=2)` has in the end, after 20 candidates × 3 folds × 30 epochs. Against it run
searches of sknet_hp, Optuna's TPE with a pruner over skorch nets (two processes, one
study) and dask-ml's Hyperband over skorch nets (two processes), all on two cores.

What is the same for all: rows (at most 10,000 for training, 25 % for the test), which
are imputed, standardised and one-hot encoded before the clock starts; the space,
learning rate × weight decay × dropout × width of two hidden layers; AdamW, batches of
128, a constant learning rate, at most 30 epochs; folds, except that dask-ml holds out a
third of the rows. Two of ours use more of sknet_hp: "ensemble" has networks that stop
early by themselves, and ends with the average of up to three that were trained to the
end; "default networks" are as they come, with early stopping and whatever else is the
default, and the first candidate is the default itself. Processes are started and
libraries loaded before the clock starts.

At any time a search has an incumbent: what has the best validation score so far, after
as many epochs as it was scored at. Outside of the clock it is fitted on all training
rows (on one thread) and scored on the test rows. The seconds of this fit are added to
those at which the search knew of it, so a point of a curve says when one could have had
that network in hand. A score is minus the log loss, or minus the root mean squared
error over the target's standard deviation. The goal is reached at the first point that
is as good. Searches that end before are repeated with other seeds, Optuna's study goes
on, until the goal is reached or half the time has gone by that the random search takes
altogether. This whole time is what others are compared with.

Results are kept in the FILE of --json as they come, and what is there is not run again.
dask-ml 2025.1 needs dask 2025.1: where another is in use, install the extra
`bench-dask` into an environment of its own, and run there `--only "dask-ml
HyperbandSearchCV"` with the same FILE.
"""

import argparse
import json
import statistics
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine
from quality import _usual, problems
from timed_searches import NEEDS, RANDOM, SEARCHES, Table, refitted, warm_up

TABLES = ["adult", "california_housing", "magic", "satimage"]

Curve = dict[str, Any]
"""One search: the `seconds` that it took, and the `points` of its incumbents: seconds
until they were known, seconds to fit them, test score.
"""
Curves = dict[str, dict[str, dict[str, Curve]]]
"""By table, contestant and seed."""


def tables(folder: Path, names: list[str]) -> list[Table]:
    found = []
    for problem in problems(folder, names):
        encoder = _usual().fit(problem.X)
        X, X_test = (np.asarray(encoder.transform(part), dtype=np.float32) for part in (problem.X, problem.X_test))
        if problem.classes:
            known = np.unique(problem.y)
            y, y_test = np.searchsorted(known, problem.y), np.searchsorted(known, problem.y_test)
        else:
            y, y_test = (
                ((part - problem.y.mean()) / problem.y.std()).astype(np.float32) for part in (problem.y, problem.y_test)
            )
        found.append(Table(problem.name, problem.classes, X, y, X_test, y_test))
    return found


def follow(contestant: str, table: Table, seed: int, goal: float, limit: float) -> Curve:
    """One search, until it has reached the goal, or the limit in seconds."""
    rounds = SEARCHES[contestant](table, seed)
    next(rounds)
    seconds, best, points = 0.0, -np.inf, []
    while seconds < limit and not any(score >= goal for *_, score in points):
        start = time.monotonic()
        found = next(rounds, None)
        if found is None:
            break
        took = time.monotonic() - start
        for one in sorted(found, key=lambda one: one.when):
            if one.score > best:
                best = one.score
                points.append((seconds + one.when - start, *refitted(contestant, table, one, seed)))
        seconds += took
    rounds.close()
    return {"seconds": seconds, "points": points}


def time_of(curve: Curve, goal: float) -> float:
    """When it was reached; infinite if it was not."""
    return min((known + fit for known, fit, score in curve["points"] if score >= goal), default=np.inf)


def goal_of(curves: Curves, table: str, seed: str) -> tuple[float, float]:
    """(test score, seconds) of the random search at its end, with the fit of what it
    has found.
    """
    curve = curves[table][RANDOM][seed]
    _, fit, score = curve["points"][-1]
    return score, curve["seconds"] + fit


def summary(curves: Curves) -> str:
    """A row for each table: median seconds until the goal, how many times faster that
    is than the random search, and how often it was reached.
    """
    names = [name for name in SEARCHES if any(name in own for own in curves.values())]
    lines = ["| table | goal | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for table, own in curves.items():
        goals = {seed: goal_of(curves, table, seed) for seed in own[RANDOM]}
        whole = statistics.median(seconds for _, seconds in goals.values())
        cells = [f"{-statistics.median(score for score, _ in goals.values()):.4f} in {whole:.1f} s"]
        for name in names:
            times = [time_of(curve, goals[seed][0]) for seed, curve in own.get(name, {}).items()]
            reached = [t for t in times if np.isfinite(t)]
            middle = statistics.median(times) if times else np.inf
            cells.append(
                (f"{middle:.1f} s, {whole / middle:.1f} ×" if np.isfinite(middle) else "-")
                + f" ({len(reached)} of {len(times)})"
            )
        lines.append(f"| {table} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(curves: Curves, path: Path) -> None:
    """Test loss of the incumbent against seconds: each seed, thin, and the median of
    those that have one.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(curves), figsize=(5 * len(curves), 4.5), squeeze=False, layout="constrained")
    colours = dict(zip(SEARCHES, pyplot.get_cmap("tab10").colors, strict=False))
    for axis, (table, own) in zip(axes[0], curves.items(), strict=True):
        last = max(curve["seconds"] for each in own.values() for curve in each.values())
        grid = np.geomspace(0.3, last, 200)
        for name, each in own.items():
            paths = np.array([held(curve, grid) for curve in each.values()])
            axis.plot(grid, paths.T, color=colours[name], alpha=0.2, linewidth=0.7)
            enough = np.isfinite(paths).sum(axis=0) * 2 > len(paths)
            axis.plot(grid[enough], np.nanmedian(paths[:, enough], axis=0), color=colours[name], label=name)
        goal = -statistics.median(goal_of(curves, table, seed)[0] for seed in own[RANDOM])
        axis.axhline(goal, color="grey", linestyle=":", label="goal")
        axis.set(
            xscale="log",
            ylim=(0.9 * goal, 1.4 * goal),
            title=table,
            xlabel="seconds",
            ylabel="test loss of the incumbent",
        )
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=min(4, 2 * len(curves)))
    figure.savefig(path)


def held(curve: Curve, grid: np.ndarray) -> np.ndarray:
    """The test loss of the network that one has at each time: the last one found of
    those that can have been fitted. NaN before there is one.

    Parameters
    ----------
    grid : ndarray of shape (n_times,), ascending.
    """
    losses = np.full(len(grid), np.nan)
    for known, fit, score in curve["points"]:
        losses[grid >= known + fit] = -score
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DATA_DIR")
    parser.add_argument("--tables", nargs="+", default=TABLES, help=f"default: {' '.join(TABLES)}")
    parser.add_argument("--only", nargs="+", choices=list(SEARCHES), default=list(SEARCHES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="PNG or SVG")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else {}
    curves: Curves = kept.get("curves", {})
    missing = {
        name: module
        for name in arguments.only
        for start, module in NEEDS.items()
        if name.startswith(start) and not find_spec(module)
    }
    for name, module in missing.items():
        print(f"{name} is left out: {module} is not installed")
    report = {"machine": kept.get("machine") or machine("skorch", "optuna", "dask-ml"), "curves": curves}
    print(json.dumps(machine("skorch", "optuna", "dask-ml")), flush=True)
    # For single fits: on small networks more threads gain little, and lose much where others use the cores too.
    torch.set_num_threads(1)
    warm_up()
    for table in tables(arguments.folder, arguments.tables):
        own = curves.setdefault(table.name, {})
        for seed in range(arguments.seeds):
            for name in [name for name in arguments.only if name not in missing]:
                if str(seed) in own.setdefault(name, {}):
                    continue
                if name != RANDOM and str(seed) not in own.get(RANDOM, {}):
                    parser.error(
                        f"no goal for {table.name}, seed {seed}: run {RANDOM!r} too, or name a --json FILE that has it"
                    )
                goal, whole = (np.inf, np.inf) if name == RANDOM else goal_of(curves, table.name, str(seed))
                curve = own[name][str(seed)] = follow(name, table, seed, goal, whole / 2)
                goal, _ = goal_of(curves, table.name, str(seed))
                told = f"{curve['seconds']:.1f} s, goal {-goal:.4f} after {time_of(curve, goal):.1f} s"
                print(f"{table.name}, seed {seed}, {name}: {told}", flush=True)
                if arguments.json:
                    arguments.json.write_text(json.dumps(report))
    print("\n" + summary(curves))
    if arguments.plot:
        draw(curves, arguments.plot)


if __name__ == "__main__":
    main()
