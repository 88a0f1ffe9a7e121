"""What `diagnose` finds in networks that are ill on purpose, and in healthy ones.

    python benchmarks/diagnosis.py DATA --out runs.jsonl          # all; goes on where it stopped
    python benchmarks/diagnosis.py DATA --out runs.jsonl --seeds 2 --table titanic
    python benchmarks/diagnosis.py DATA --pictures docs/findings/  # a curve of each illness

DATA is a folder with the ten tables that `illnesses.py` names, the target in the last
column. Of each, a sample of 1,500 rows at most is trained on, another for each seed.
Each illness of each table and seed is one run; so is each healthy variation.

- *named*: the share of runs in which `diagnose(net, X, y)` finds the illness, and in
  which `diagnose(net)` does, from the curve alone. An info does not count.
- *costs*: the share whose loss on up to 1,000 rows that neither training nor diagnosis
  has seen is higher than with the default parameters, by two standard errors or more.
  What costs nothing is hardly an illness; *named of these* is the share of named ones.
- *remedy helps*: of the named ones, the share in which `finding.apply(net)`, trained on the same
  rows, has a lower loss on the unseen ones.
- *false alarms*: the share of healthy runs with a warning or an error of any code.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from illnesses import CHOSEN_ON, CONFIRMED_ON, HEALTHY, ILLNESSES, Problem, Run, draw_problem
from joblib import Parallel, delayed
from machine import machine

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.tuning import DIAGNOSIS_CHECKS, diagnose


def list_runs(data: str, table: str, seed: int) -> Iterable[tuple[str, Run]]:
    """Give the runs of a table's sample: ill ones by their code, healthy ones by name."""
    problem = draw_problem(data, table, seed)
    for number, (code, make) in enumerate(ILLNESSES.items()):
        run = make(problem, np.random.default_rng([seed, number, *table.encode()]))
        if run is not None:
            yield code, run
    for name, params in HEALTHY.items():
        yield f"healthy: {name}", Run(problem, params)


def fit(run: Run, estimator: Any) -> Any:
    problem = run.problem
    held_out = {"X_val": problem.X_test, "y_val": problem.y_test} if run.with_validation else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(problem.X, problem.y, **held_out)


def compute_test_losses(net: Any, problem: Problem) -> np.ndarray:
    """Return the log loss, or the squared error by the variance, of each row not seen."""
    if problem.numbers:
        losses = (net.predict(problem.X_test) - problem.y_test) ** 2 / np.var(problem.y)
        return np.asarray(losses, dtype=float)
    known = np.isin(problem.y_test, net.classes_)
    columns = np.searchsorted(net.classes_, problem.y_test[known])
    p = net.predict_proba(problem.X_test)[known][np.arange(known.sum()), columns]
    return -np.log(np.clip(p, 1e-15, 1))


def compute_test_loss(net: Any, problem: Problem) -> float:
    """Return the mean loss of rows not seen."""
    return float(np.mean(compute_test_losses(net, problem)))


def compare_with_defaults(net: Any, run: Run) -> float:
    """Return by how many standard errors a network is worse than one of the defaults."""
    usual = fit(Run(run.problem, {}), type(net)(random_state=net.random_state))
    difference = compute_test_losses(net, run.problem) - compute_test_losses(usual, run.problem)
    if not np.isfinite(difference).all():
        return float("inf")
    return float(difference.mean() / max(difference.std(ddof=1) / len(difference) ** 0.5, 1e-12))


def measure(table: str, seed: int, name: str, run: Run) -> dict[str, Any]:
    """Train, diagnose, and train again as the finding of this illness advises."""
    problem = run.problem
    net = fit(run, (NetRegressor if problem.numbers else NetClassifier)(random_state=seed, **run.params))
    started = time.perf_counter()
    found, alone = diagnose(net, problem.X, problem.y), diagnose(net)
    row: dict[str, Any] = {"table": table, "seed": seed, "name": name, "loss": compute_test_loss(net, problem)}
    row["found"] = {finding.code: finding.severity for finding in found}
    row["from_curve"] = {finding.code: finding.severity for finding in alone}
    row["seconds"] = time.perf_counter() - started
    row["worse_by_errors"] = compare_with_defaults(net, run)
    own = [finding for finding in found.of(name) if finding.severity != "info"]
    if own and own[0].remedy:
        row["remedy"] = {parameter: str(value) for parameter, value in own[0].remedy.items()}
        row["loss_after"] = compute_test_loss(fit(run, own[0].apply(net)), problem)
    return row


# ---- what came out -------------------------------------------------------------------------------------------------


def list_alarms(found: dict[str, str]) -> list[str]:
    return [code for code, severity in found.items() if severity != "info"]


def share(flags: list[bool]) -> str:
    return f"{100 * np.mean(flags):.0f} %" if flags else "–"


def write_summary(rows: list[dict[str, Any]]) -> str:
    """Write named, remedies and false alarms as a table."""
    heads = ["illness", "runs", "named", "from the curve alone", "costs", "named of these", "remedy helps"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for code in ILLNESSES:
        own = [row for row in rows if row["name"] == code]
        helped = [row["loss_after"] < row["loss"] for row in own if "loss_after" in row]
        named, alone = ([code in list_alarms(row[key]) for row in own] for key in ("found", "from_curve"))
        from_curve = share(alone) if DIAGNOSIS_CHECKS[code].needs == "curve" else "–"
        # data that are ill cost the defaults as much
        costs = [row["worse_by_errors"] >= 2 for row in own if code not in ("leakage", "label_noise")]
        costly = [known for known, cost in zip(named, costs, strict=False) if cost]
        cells = [code, str(len(own)), share(named), from_curve, share(costs), share(costly), share(helped)]
        lines.append(f"| {' | '.join(cells)} |")
    healthy = [row for row in rows if row["name"].startswith("healthy")]
    alarms = [bool(list_alarms(row["found"])) for row in healthy]
    lines.append(f"| *healthy: any alarm* | {len(healthy)} | {share(alarms)} | | | | |")
    return "\n".join(lines)


def write_confusion(rows: list[dict[str, Any]]) -> str:
    """Write which codes were found in what, in hundredths of the runs, as a table."""
    codes = list(DIAGNOSIS_CHECKS)
    numbers = [str(number) for number in range(1, len(codes) + 1)]
    lines = [f"| runs | {' | '.join(numbers)} |", "|---" * (len(codes) + 1) + "|"]
    for name in [*codes, "healthy"]:
        own = [list_alarms(row["found"]) for row in rows if row["name"].split(":")[0] == name]
        cells = [round(100 * float(np.mean([code in found for found in own]))) if own else 0 for code in codes]
        place = f"{codes.index(name) + 1} {name}" if name in codes else name
        lines.append(f"| {place} | {' | '.join(str(cell) if cell else '' for cell in cells)} |")
    return "\n".join(lines)


def report(rows: list[dict[str, Any]]) -> None:
    for title, tables in (("Chosen on", CHOSEN_ON), ("Confirmed on", CONFIRMED_ON)):
        half = [row for row in rows if row["table"] in tables]
        if half:
            seen = [table for table in tables if any(row["table"] == table for row in half)]
            print(f"\n{title} {', '.join(seen)}\n\n{write_summary(half)}\n\n{write_confusion(half)}")
    print("\nseconds of two diagnoses and, where the table is new, its simple models:", end=" ")
    print(f"{np.median([row['seconds'] for row in rows]):.2f} (median)")
    print(json.dumps(machine("pandas")))


# ---- pictures ------------------------------------------------------------------------------------------------------


def draw_pictures(data: str, table: str, folder: str) -> None:
    """Draw a learning curve of each illness beside that of the defaults."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    Path(folder).mkdir(parents=True, exist_ok=True)
    runs = dict(list_runs(data, table, seed=0))
    healthy = fit(runs["healthy: defaults"], NetClassifier(random_state=0))
    for code in ILLNESSES:
        if code not in runs or code in ("leakage", "label_noise"):  # which no learning curve shows
            continue
        ill = fit(runs[code], NetClassifier(random_state=0, **runs[code].params))
        figure, axes = plt.subplots(1, 2, figsize=(5.2, 2.0), sharey=True)
        for axis, net, title in ((axes[0], ill, code), (axes[1], healthy, "healthy")):
            for name, colour, style in (("train_loss", "#0072B2", "-"), ("valid_loss", "#D55E00", "--")):
                losses = [row.get(name, np.nan) for row in net.history_]
                axis.plot(range(1, len(losses) + 1), losses, style, color=colour, label=name.removesuffix("_loss"))
            axis.set_title(title, fontsize=9)
            axis.set_xlabel("epoch", fontsize=8)
            axis.tick_params(labelsize=7)
        top = max([row["train_loss"] for row in ill.history_ if np.isfinite(row["train_loss"])], default=1.0)
        if top > 5:
            axes[0].set_yscale("log")
        axes[0].set_ylabel("loss", fontsize=8)
        axes[1].legend(fontsize=7, frameon=False)
        figure.tight_layout()
        figure.savefig(Path(folder) / f"{code}.png", dpi=80)
        plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--out", metavar="FILE", help="JSON lines; runs that are in it are not made again")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--table", action="append", choices=[*CHOSEN_ON, *CONFIRMED_ON])
    parser.add_argument("--only", action="append", metavar="NAME", help="an illness, or healthy; may be repeated")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pictures", metavar="FOLDER", help="draw learning curves instead, of the first table")
    args = parser.parse_args()
    tables = args.table or [*CHOSEN_ON, *CONFIRMED_ON]
    if args.pictures:
        draw_pictures(args.data, tables[0], args.pictures)
        return
    out = Path(args.out) if args.out else None
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out is not None and out.exists() else []
    done = {(row["table"], row["seed"], row["name"]) for row in rows}
    for table in tables:
        for seed in range(args.seeds):
            runs = list_runs(args.data, table, seed)
            todo = [(name, run) for name, run in runs if (table, seed, name) not in done]
            todo = [(name, run) for name, run in todo if not args.only or name.split(":")[0] in args.only]
            with sknet_hp.fused(args.jobs):
                made = Parallel(n_jobs=args.jobs)(delayed(measure)(table, seed, name, run) for name, run in todo)
            rows += made
            if out is not None:
                with out.open("a") as file:
                    file.writelines(json.dumps(row) + "\n" for row in made)
            print(f"{table}, seed {seed}: {len(made)} runs", file=sys.stderr, flush=True)
    report(rows)


if __name__ == "__main__":
    main()
