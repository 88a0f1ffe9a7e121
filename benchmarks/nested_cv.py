"""How much faster nested cross-validation is than scikit-learn's own with skorch.

40 candidates in 5 inner and 5 outer folds: 1,000 networks and 5 refits, two hidden
layers of 64 units, 20 epochs, on 10,000 x 20 made rows. Ours is one call of
`nested_cross_validate`; skorch's is `cross_validate(RandomizedSearchCV(...))` with
`n_jobs=2` where it helps most, in the inner search. Of skorch's a tenth is trained (4
candidates), and its time scaled by the number of networks.

    python benchmarks/nested_cv.py                # some minutes
    python benchmarks/nested_cv.py --quick        # a small setting, to try the script
    python benchmarks/nested_cv.py --json out.json
"""

import argparse
import json
import statistics
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from contestants import Module, Setting, ToFloat32, data, our_net
from machine import machine
from scipy.stats import loguniform
from sklearn.model_selection import RandomizedSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

from sknet_hp.evaluation import nested_cross_validate

N_JOBS = 2
FLOOR = 15
NET = Setting(width=64, batch=128, epochs=20)


@dataclass(frozen=True)
class Size:
    """How much is trained.

    Attributes
    ----------
    candidates, measured : of the search, and of skorch's that is measured.
    folds : inner and outer.
    rows, epochs : of each network.
    """

    candidates: int = 40
    measured: int = 4
    folds: int = 5
    rows: int = 10_000
    epochs: int = 20

    def count_networks(self, candidates: int) -> int:
        return self.folds * (self.folds * candidates + 1)


def make_skorch_search(size: Size) -> RandomizedSearchCV:
    net = NeuralNetClassifier(
        Module,
        module__width=NET.width,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        max_epochs=size.epochs,
        batch_size=NET.batch,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    space = {
        "neuralnetclassifier__lr": loguniform(1e-4, 1e-2),
        "neuralnetclassifier__optimizer__weight_decay": loguniform(1e-4, 1e-1),
    }
    steps = make_pipeline(StandardScaler(), ToFloat32(), net)
    return RandomizedSearchCV(steps, space, n_iter=size.measured, cv=size.folds, random_state=0, n_jobs=N_JOBS)


def make_our_search(size: Size) -> RandomizedSearchCV:
    net = our_net(Setting(NET.width, NET.batch, epochs=size.epochs))
    space = {
        "netclassifier__lr": loguniform(1e-4, 1e-2),
        "netclassifier__weight_decay": loguniform(1e-4, 1e-1),
    }
    steps = make_pipeline(StandardScaler(), net)
    return RandomizedSearchCV(steps, space, n_iter=size.candidates, cv=size.folds, random_state=0)


def run_skorch(size: Size, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(seconds scaled to all networks, mean outer score)."""
    start = time.perf_counter()
    found = cross_validate(make_skorch_search(size), X, y, cv=size.folds)
    seconds = time.perf_counter() - start
    scale = size.count_networks(size.candidates) / size.count_networks(size.measured)
    return scale * seconds, float(found["test_score"].mean())


def run_ours(size: Size, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(seconds, mean outer score)."""
    start = time.perf_counter()
    result = nested_cross_validate(make_our_search(size), X, y, cv=size.folds, random_state=0, n_jobs=N_JOBS)
    return time.perf_counter() - start, float(result.mean)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small setting, to try the script")
    parser.add_argument("--repeats", type=int, default=3, help="of ours, around skorch's; the median counts")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    arguments = parser.parse_args()
    size = Size(candidates=10, measured=1, folds=3, rows=2_000, epochs=5) if arguments.quick else Size()
    warnings.simplefilter("ignore")
    torch.set_num_threads(N_JOBS)
    X, y = data(size.rows)
    run_ours(Size(candidates=2, folds=2, rows=size.rows, epochs=1), X, y)  # compiles, and imports what is needed
    n_before = (arguments.repeats + 1) // 2
    ours = [run_ours(size, X, y) for _ in range(n_before)]
    skorch_s, skorch_score = run_skorch(size, X, y)
    ours += [run_ours(size, X, y) for _ in range(arguments.repeats - n_before)]
    our_s = statistics.median(seconds for seconds, _ in ours)
    row: dict[str, Any] = {
        "networks": size.count_networks(size.candidates),
        "skorch_s": skorch_s,
        "ours_s": our_s,
        "ratio": skorch_s / our_s,
        "skorch_score": skorch_score,
        "our_score": ours[0][1],
        "machine": machine("skorch"),
    }
    print(
        f"{row['networks']} networks: skorch {skorch_s:.0f} s ({size.measured} of {size.candidates} candidates "
        f"measured, scaled), ours {our_s:.1f} s ({', '.join(f'{seconds:.1f}' for seconds, _ in ours)}), ratio "
        f"{row['ratio']:.1f} (floor {FLOOR}), outer scores {skorch_score:.3f} / {row['our_score']:.3f}"
    )
    print(json.dumps(row["machine"]))
    if arguments.json:
        arguments.json.write_text(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
