"""How exported models compare with their originals: differences, sizes, times.

Usage: export.py DATA [--tables titanic adult ...] [--rows 5000] [--json]

DATA is a directory of NAME.csv.gz, whose last column is the target. Times are the best
of several, both sides in turn: of a table of so many rows, and of one row. The table
reaches `predict_proba` or `predict` as a dataframe, onnxruntime as arrays, which are
its inputs; both use all cores.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pandas as pd
from machine import machine

from sknet_hp import NetClassifier, NetRegressor, export, save
from sknet_hp.sharing.onnx.check import check_predictions
from sknet_hp.sharing.onnx.inputs import make_inputs

NETWORKS: dict[str, dict[str, Any]] = {"default": {}, "tabm": {"module": "tabm", "width": 64}}


def time_in_turn(*calls: Callable[[], object], repeats: int) -> list[float]:
    """The shortest time of each call in milliseconds."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats):
        for own, call in zip(times, calls, strict=True):
            start = time.perf_counter()
            call()
            own.append(1e3 * (time.perf_counter() - start))
    return [min(own) for own in times]


def measure(path: Path, n_rows: int, params: dict[str, Any]) -> dict[str, Any]:
    """The line of one network on one table."""
    frame = pd.read_csv(path).sample(frac=1, random_state=0)[:n_rows]
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    is_number = pd.api.types.is_numeric_dtype(y) and y.nunique() > 20
    net = (NetRegressor if is_number else NetClassifier)(max_epochs=5, random_state=0, **params).fit(X, y)
    predict = net.predict if is_number else net.predict_proba
    with tempfile.TemporaryDirectory() as folder:
        onnx, own = export(net, Path(folder) / "model.onnx"), Path(folder) / "model.sknet"
        save(net, own)
        start = time.perf_counter()
        session = onnxruntime.InferenceSession(str(onnx))
        loading = 1e3 * (time.perf_counter() - start)
        difference = check_predictions(str(onnx), net, X)
        kilobytes = onnx.stat().st_size / 1e3, own.stat().st_size / 1e3
    inputs = make_inputs(session, X)
    first, one = X.iloc[:1], {name: cells[:1] for name, cells in inputs.items()}
    table = time_in_turn(lambda: predict(X), lambda: session.run(None, inputs), repeats=7)
    row = time_in_turn(lambda: predict(first), lambda: session.run(None, one), repeats=100)
    return {
        "rows": len(X),
        "difference": difference,
        "onnx, kB": kilobytes[0],
        "save, kB": kilobytes[1],
        "loading, ms": loading,
        "table, ours, ms": table[0],
        "table, onnx, ms": table[1],
        "row, ours, ms": row[0],
        "row, onnx, ms": row[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tables", nargs="+", default=["titanic", "adult", "california_housing"])
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = [
        {"table": table, "network": name} | measure(options.data / f"{table}.csv.gz", options.rows, params)
        for table in options.tables
        for name, params in NETWORKS.items()
    ]
    if options.json:
        print(json.dumps({"machine": machine("onnxruntime"), "lines": lines}))
        return
    print(machine("onnxruntime"))
    with pd.option_context("display.width", 250, "display.max_columns", None):
        print(pd.DataFrame(lines).to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
