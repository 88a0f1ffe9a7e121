"""Whole fits and searches on real tables, in this environment and beside another
version of sknet_hp, whose numbers must not get worse.

    python benchmarks/fits.py DATA                                       # this version
    alone python benchmarks/fits.py DATA --beside ../before/.venv/bin/python   # and
    another one, in an environment of its own, in turns python benchmarks/fits.py DATA
    --beside PYTHON --what default --seeds 10

DATA is a folder with `adult.csv.gz`, `california_housing.csv.gz`, `magic.csv.gz`,
`satimage.csv.gz` (UCI, or OpenML by the same names) and `diamonds.csv.gz` (ggplot2),
the target in the last column, an empty cell for a missing one. Each fit sees three
quarters of the rows; "loss" is the log loss, or the root of the mean squared error over
the standard deviation, on the others.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from versions import Version, serve

TABLES = ("adult", "california_housing", "magic", "satimage", "diamonds")
NUMBERS = ("california_housing", "diamonds")
DEFAULTS = ("default", "halving")
"""What is done on all tables; the others, which take long, on two."""

WHAT = (*DEFAULTS, "tabm_s", "tabm", "realmlp_td")


def estimator(what: str, table: str, seed: int) -> Any:
    from sknet_hp import NetClassifier, NetRegressor, presets
    from sknet_hp.search import HalvingSearchCV, search_space

    net = NetRegressor if table in NUMBERS else NetClassifier
    if what == "default":
        return net(random_state=seed)
    if what == "halving":
        estimator = net(random_state=seed)
        return HalvingSearchCV(estimator, search_space(estimator), n_candidates=9, cv=3, random_state=seed)
    return net(
        **getattr(presets, what)("regression" if table in NUMBERS else "classification") | {"random_state": seed}
    )


def fitted(data: str, what: str, table: str, seed: int, max_epochs: int | None) -> dict[str, float]:
    """Seconds of a fit, its loss on rows that it has not seen, and for how many epochs
    it trained.
    """
    import numpy as np
    import pandas as pd
    from sklearn.metrics import log_loss
    from sklearn.model_selection import train_test_split

    frame = pd.read_csv(Path(data) / f"{table}.csv.gz")
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    X, X_test, y, y_test = train_test_split(X, y, random_state=seed, stratify=None if table in NUMBERS else y)
    model = estimator(what, table, seed)
    if max_epochs is not None:
        model.set_params(max_epochs=max_epochs)
    once = DEFAULTS[0] if what == "halving" else what
    estimator(once, table, seed).set_params(max_epochs=1).fit(X, y)  # what is compiled or loaded at first use is there
    start = time.perf_counter()
    if what == "halving":
        import sknet_hp

        with sknet_hp.fused():
            model.fit(X, y)
    else:
        model.fit(X, y)
    seconds = time.perf_counter() - start
    if table in NUMBERS:
        loss = float(np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) / np.std(y_test))
    else:
        loss = float(log_loss(y_test, model.predict_proba(X_test), labels=model.classes_))
    return {
        "seconds": seconds,
        "loss": loss,
        "epochs": float(getattr(getattr(model, "best_estimator_", model), "n_iter_", 0)),
    }


def compare(versions: list[Version], what: str, table: str, seeds: int, max_epochs: int | None) -> dict[str, Any]:
    runs = [[version.ask(what, table, seed, max_epochs) for version in versions] for seed in range(seeds)]
    each = [list(column) for column in zip(*runs, strict=True)]
    row: dict[str, Any] = {"what": what, "table": table, "runs": each}
    middle: Callable[[list[dict[str, float]], str], float] = lambda own, name: mean(run[name] for run in own)  # noqa: E731
    parts = [
        f"{middle(own, 'seconds'):.2f} s ({middle(own, 'epochs'):.0f} epochs), loss {middle(own, 'loss'):.4f}"
        for own in each
    ]
    line = f"{what} on {table}: {' against '.join(parts)}"
    if len(each) == 2:
        row["times"] = middle(each[1], "seconds") / middle(each[0], "seconds")
        line += f": {row['times']:.1f} x as fast"
        if seeds > 1:
            gains = [own["loss"] - other["loss"] for own, other in zip(*each, strict=True)]
            line += f"; losses differ by {mean(gains):+.4f} +- {stdev(gains) / seeds**0.5:.4f}"
    print(line, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--beside", metavar="PYTHON", help="the Python of an environment with another version")
    parser.add_argument("--what", action="append", choices=WHAT)
    parser.add_argument("--table", action="append", choices=TABLES)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--max-epochs", type=int, help="at most so many epochs a fit, where a whole one takes long")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(partial(fitted, args.data))
        return
    from machine import machine

    versions = [Version(python, __file__, args.data, "--serve") for python in (sys.executable, args.beside) if python]
    rows = []
    for what in args.what or WHAT:
        for table in args.table or (TABLES if what in DEFAULTS else ("satimage", "california_housing")):
            rows.append(compare(versions, what, table, args.seeds, args.max_epochs))
    result = {"machine": machine(), "rows": rows}
    print(json.dumps(result["machine"]))
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
