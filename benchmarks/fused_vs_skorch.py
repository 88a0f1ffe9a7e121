"""How much faster than skorch, and than scikit-learn's MLP, on the same cores.

Each section runs its contestants in turn, in one process, after a warm-up, and prints a
line for each network. Made data; nothing to fetch.

    python benchmarks/fused_vs_skorch.py              # everything, some ten minutes
    python benchmarks/fused_vs_skorch.py --quick      # two shapes python
    benchmarks/fused_vs_skorch.py --section single --section predict python
    benchmarks/fused_vs_skorch.py --section grid --shape 256 256 --shape 512 512
    --precision bf16    # ours in bfloat16, beside float32 python
    benchmarks/fused_vs_skorch.py --beside ../before/.venv/bin/python    # and another
    version of ours, in an environment of its own
"""

import argparse
import json
import resource
import statistics
import sys
import time
import warnings
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from contestants import (
    LR,
    SHAPES,
    Module,
    Setting,
    data,
    mlp_search,
    multiplication_limit,
    our_net,
    our_search,
    skorch_search,
    timed,
    timed_fused,
)
from joblib import parallel_config
from machine import machine
from sklearn.impute import KNNImputer
from sklearn.pipeline import make_pipeline
from versions import Version, serve

from sknet_hp.search import HalvingSearchCV

N_JOBS = 2
FLOORS = dict(zip(SHAPES, (45, 16, 14, 6.5, 2.8, 1.6), strict=True)) | {(96, 192): 6}
DEEP = Setting(96, 192, n_layers=3, dropout=0.2, batch_norm=True)


def peak_mb() -> float:
    """Peak memory of this process and of the largest child so far, in MB."""
    return (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ) / 1024


def our_seconds(setting: dict[str, Any], device: str, repeats: int) -> float:
    """The median of some searches of ours."""
    X, y = data(*_shape(Setting(**setting)))
    return statistics.median(
        timed_fused(our_search(Setting(**setting), device), X, y, N_JOBS)[0] for _ in range(repeats)
    )


def _shape(setting: Setting) -> tuple[int, int]:
    return (10_992, 16) if setting == DEEP else (10_000, 20)


def compare(
    setting: Setting,
    device: str,
    repeats: int,
    with_mlp: bool,
    share: float = 1.0,
    precision: str = "float32",
    beside: Version | None = None,
) -> dict[str, Any]:
    X, y = data(*_shape(setting))
    ours = [timed_fused(our_search(setting, device, precision=precision), X, y, N_JOBS) for _ in range(repeats)]
    theirs = timed(skorch_search(setting, N_JOBS, device, X.shape[1]), X, y)
    seconds = statistics.median(t for t, _ in ours)
    row = {
        **asdict(setting),
        "skorch_s": theirs[0],
        "ours_s": seconds,
        "ratio": theirs[0] / seconds,
        "floor": FLOORS[setting.width, setting.batch] * share,
        "skorch_score": theirs[1],
        "our_score": ours[0][1],
        "limit_s": multiplication_limit(setting, 60, len(X) * 4 // 5, N_JOBS, X.shape[1]),
        "peak_mb": peak_mb(),
    }
    line = f"({setting.width}, {setting.batch}) x {setting.epochs} epochs: skorch {theirs[0]:.1f} s, "
    line += f"ours {seconds:.2f} s, ratio {row['ratio']:.1f}"
    line += f" (floor {row['floor']:.1f}), scores {theirs[1]:.3f} / {ours[0][1]:.3f}"
    line += f", {seconds / row['limit_s']:.1f} x the products' limit, peak {row['peak_mb']:.0f} MB"
    if precision != "float32":
        runs = [timed_fused(our_search(setting, device), X, y, N_JOBS) for _ in range(repeats)]
        row |= {"precision": precision, "float32_s": statistics.median(t for t, _ in runs), "float32_score": runs[0][1]}
        line += f"; {precision}, beside float32 {row['float32_s']:.2f} s, score {row['float32_score']:.3f}"
    if beside is not None:
        row["before_s"] = beside.ask(asdict(setting), device, repeats)
        line += f"; before {row['before_s']:.2f} s, {row['before_s'] / seconds:.1f} x"
    if with_mlp:
        mlp = timed(mlp_search(setting, N_JOBS), X, y)
        row |= {"mlp_s": mlp[0], "mlp_ratio": mlp[0] / seconds, "mlp_score": mlp[1]}
        line += f"; MLPClassifier {mlp[0]:.1f} s, ratio {row['mlp_ratio']:.1f}, score {mlp[1]:.3f}"
    print(line, flush=True)
    return row


def single_fit(device: str, repeats: int) -> dict[str, Any]:
    """One fit of 20 epochs against a bare torch loop with a fused AdamW."""
    X, y = data()
    setting = Setting(128, 256, epochs=20)

    def bare() -> None:
        x, target = (
            torch.from_numpy(((X - X.mean(0)) / X.std(0)).astype("float32")).to(device),
            torch.from_numpy(y).to(device),
        )
        module = Module(setting.width).to(device)
        optimizer, loss = torch.optim.AdamW(module.parameters(), lr=2e-3, fused=True), torch.nn.CrossEntropyLoss()
        for _ in range(setting.epochs):
            for rows in torch.randperm(len(x)).to(device).split(setting.batch):
                optimizer.zero_grad(set_to_none=True)
                loss(module(x[rows]), target[rows]).backward()
                optimizer.step()

    def ours() -> None:
        our_net(setting, device).fit(X, y)

    row = {"bare_s": _median(bare, repeats), "ours_s": _median(ours, repeats)}
    torch.set_num_threads(1)
    row["bare_one_thread_s"] = _median(bare, repeats)
    torch.set_num_threads(N_JOBS)
    print(
        f"one fit of 20 epochs: bare loop {row['bare_s']:.2f} s ({row['bare_one_thread_s']:.2f} s on one thread), "
        f"ours {row['ours_s']:.2f} s",
        flush=True,
    )
    return row


def training_alone(setting: Setting, repeats: int, precisions: tuple[str, ...]) -> dict[str, Any]:
    """CPU seconds of one thread for an epoch of one network, without what a fit costs
    besides, over those of its products alone.
    """
    X, y = data(8_000)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    row: dict[str, Any] = {**asdict(setting), "limit_s": multiplication_limit(replace(setting, epochs=1), 1, 8_000, 1)}
    for precision in precisions:
        times: dict[int, list[float]] = {5: [], 15: []}
        for _ in range(4 * repeats):
            for epochs, each in times.items():
                net = our_net(replace(setting, epochs=epochs), precision=precision)
                start = time.process_time()
                net.fit(X, y)
                each.append(time.process_time() - start)
        row[f"{precision}_s"] = (min(times[15]) - min(times[5])) / 10
    torch.set_num_threads(threads)
    ours = ", ".join(
        f"{name} {1e3 * row[f'{name}_s']:.2f} ms ({row[f'{name}_s'] / row['limit_s']:.2f} x)" for name in precisions
    )
    print(
        f"({setting.width}, {setting.batch}), {setting.activation}, an epoch: products {1e3 * row['limit_s']:.2f} ms, "
        f"ours {ours}",
        flush=True,
    )
    return row


def cores(setting: Setting, repeats: int) -> dict[str, Any]:
    """What a second thread gives, beside a second process, and under joblib's own
    threads.
    """
    X, y = data()
    times: dict[str, list[float]] = {"one": [], "two": [], "threading": [], "loky": []}
    for _ in range(repeats):
        for name, own in times.items():
            if name in ("one", "two"):
                own.append(timed_fused(our_search(setting, "cpu"), X, y, 1 if name == "one" else 2)[0])
            else:
                with parallel_config(backend=name):
                    own.append(timed(our_search(setting, "cpu").set_params(n_jobs=2), X, y)[0])
    row = {**asdict(setting), **{f"{name}_s": statistics.median(own) for name, own in times.items()}}
    gain = row["one_s"] / row["two_s"]
    others = f"joblib's threads {row['threading_s']:.2f} s, its processes {row['loky_s']:.2f} s"
    print(
        f"({setting.width}, {setting.batch}): one core {row['one_s']:.2f} s, two {row['two_s']:.2f} s, {gain:.2f} x; "
        f"{others}",
        flush=True,
    )
    return row


def predictions(device: str, repeats: int) -> dict[str, Any]:
    """predict on 100,000 rows against the module's forward pass."""
    X, y = data(100_000)
    net = our_net(Setting(128, 256, epochs=1), device).fit(X[:10_000], y[:10_000])
    module, x = Module(128).eval(), torch.from_numpy(X.astype("float32"))

    def forward() -> None:
        with torch.inference_mode():
            module(x)

    row = {"forward_s": _median(forward, 4 * repeats), "predict_s": _median(lambda: net.predict(X), 4 * repeats)}
    milliseconds = f"forward {1e3 * row['forward_s']:.0f} ms, predict {1e3 * row['predict_s']:.0f} ms"
    print(f"100,000 rows: {milliseconds}, {row['predict_s'] / row['forward_s']:.2f} x", flush=True)
    return row


def scaling(device: str) -> list[dict[str, Any]]:
    """Time and memory for each network, from 60 to 2,000 of them."""
    X, y = data()
    rows = []
    for n in (60, 180, 600, 1995):
        lrs = list(np.geomspace(1e-4, 1e-2, n // 15))
        seconds, _ = timed_fused(our_search(Setting(64, 128), device, lrs), X, y, N_JOBS)
        rows.append(
            {
                "networks": n,
                "seconds": seconds,
                "each_ms": 1e3 * seconds / n,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
        print(
            f"{n} networks: {seconds:.1f} s, {1e3 * seconds / n:.1f} ms each, peak of this process "
            f"{rows[-1]['peak_mb']:.0f} MB",
            flush=True,
        )
    return rows


def first_steps() -> dict[str, Any]:
    """Halving over a pipeline with a slow imputer: fitted once a split, or, where a
    parameter of its own is searched, for each candidate and rung.
    """
    X, y = data(3_000)
    X[np.random.default_rng(1).random(X.shape) < 0.1] = np.nan
    grid = {"netclassifier__lr": list(np.geomspace(1e-4, 1e-2, 27))}
    row: dict[str, Any] = {}
    for name, more in {"once": {}, "each time": {"knnimputer__copy": [True]}}.items():
        pipeline = make_pipeline(KNNImputer(), our_net(Setting(64, 128, epochs=27)))
        search = HalvingSearchCV(
            pipeline,
            grid | more,
            n_candidates="grid",
            initial_candidates=None,
            cv=3,
            refit=False,
            n_jobs=N_JOBS,
            random_state=0,
        )
        row[f"{name}_s"], row[f"{name}_score"] = timed(search, X, y)
        row[f"{name}_all"] = search.cv_results_["mean_test_score"].tolist()
    equal = row.pop("once_all") == row.pop("each time_all")
    ratio = row["each time_s"] / row["once_s"]
    print(
        f"KNNImputer fitted once a split {row['once_s']:.1f} s, each time {row['each time_s']:.1f} s, {ratio:.1f} x; "
        f"scores equal: {equal}",
        flush=True,
    )
    return row | {"ratio": ratio, "equal": equal}


def _median(function: Any, repeats: int) -> float:
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


SECTIONS = (
    "grid",
    "long",
    "regularised",
    "deep",
    "stopping",
    "alone",
    "cores",
    "single",
    "predict",
    "scaling",
    "pipeline",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two shapes, one repeat")
    parser.add_argument("--repeats", type=int, default=3, help="runs of ours, of which the median counts (default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the numbers there")
    parser.add_argument("--device", default="cpu", help="of skorch and of ours (default: cpu)")
    parser.add_argument("--section", action="append", choices=SECTIONS, help="only these (default: all)")
    parser.add_argument(
        "--precision", choices=("float32", "bf16"), default="float32", help="of ours in the searches (default: float32)"
    )
    parser.add_argument(
        "--shape",
        action="append",
        nargs=2,
        type=int,
        metavar=("WIDTH", "BATCH"),
        help="only these of the shapes (default: all)",
    )
    parser.add_argument(
        "--beside",
        metavar="PYTHON",
        help="the Python of an environment with another version, whose searches are timed in turn",
    )
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(our_seconds)
        return 0
    beside = Version(arguments.beside, __file__, "--serve") if arguments.beside else None
    warnings.simplefilter("ignore")
    sections, device = arguments.section or SECTIONS, arguments.device
    shapes = (
        [(32, 32), (128, 256)]
        if arguments.quick
        else [s for s in SHAPES if not arguments.shape or list(s) in arguments.shape]
    )
    repeats = 1 if arguments.quick else arguments.repeats
    report: dict[str, Any] = {"machine": machine("skorch"), "n_jobs": N_JOBS, "device": device}
    print(json.dumps(report["machine"]))
    X, y = data()
    warm_up = Setting(32, 1000, epochs=1)
    timed(skorch_search(warm_up, N_JOBS, device), X, y)
    for _ in range(2):
        timed_fused(our_search(replace(warm_up, epochs=20, width=128), device, LR), X, y, N_JOBS)
    changes = {
        "grid": {},
        "long": {"epochs": 20},
        "regularised": {"dropout": 0.2, "batch_norm": True},
        "deep": asdict(DEEP),
        "stopping": {"early_stopping": True},
    }
    for name, change in changes.items():
        if name in sections:
            print(f"-- {name}")
            share = 2 / 3 if name in ("regularised", "stopping") else 1.0
            chosen = (
                [(32, 32), (128, 256)] if name == "long" else [(DEEP.width, DEEP.batch)] if name == "deep" else shapes
            )
            settings = [Setting(**{"width": width, "batch": batch} | change) for width, batch in chosen]
            report[name] = [
                compare(s, device, repeats, name == "grid" and s.width == 128, share, arguments.precision, beside)
                for s in settings
            ]
    if "alone" in sections:
        print("-- alone")
        precisions = ("float32",) if arguments.precision == "float32" else ("float32", arguments.precision)
        more: dict[str, Any] = {"activation": "silu", "dropout": 0.1, "averaging": "ema"}
        report["alone"] = [
            training_alone(Setting(*s, **change), repeats, precisions) for change in ({}, more) for s in shapes
        ]
    if "cores" in sections:
        print("-- cores")
        report["cores"] = [cores(Setting(*s), repeats) for s in shapes]
    if "single" in sections:
        report["single"] = single_fit(device, repeats)
    if "predict" in sections:
        report["predict"] = predictions(device, repeats)
    if "scaling" in sections:
        report["scaling"] = scaling(device)
    if "pipeline" in sections:
        report["pipeline"] = first_steps()
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(report, file, indent=1)
    short = [
        (r["width"], r["batch"], name) for name in changes for r in report.get(name, []) if r["ratio"] < r["floor"]
    ]
    print("below their floors:", short or "none")
    return bool(short)


if __name__ == "__main__":
    sys.exit(main())
