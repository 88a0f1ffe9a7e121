"""What an epoch of one large network takes on all cores, beside the code of others.

Usage: epochs.py [--rows N] [--rounds N] [--json FILE]

TabM as pytabkit has it by default (three blocks, no embeddings) and as its authors
publish it (two blocks behind piecewise linear embeddings), and RealMLP-TD, beside
pytabkit (extra `bench`); two hidden layers of 512 beside skorch. A made-up table, three
quarters of which train. Each figure is the difference between fits of five epochs and
of two, by three, the median of all rounds; contestants take turns.
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch
from contestants import Module, ToFloat32
from machine import machine
from quality import PLAIN_TABM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

from sknet_hp import NetClassifier, presets
from sknet_hp.nets.compiled.kernels import half_products

FEW, MANY = 2, 5
WIDE = {
    "n_layers": 2,
    "width": 512,
    "activation": "relu",
    "dropout": 0.0,
    "batch_size": 256,
    "num_embedding": "none",
    "weight_averaging": "none",
}
PUBLISHED = {"num_emb_type": "pwl", "weight_decay": 3e-4, "gradient_clipping_norm": 1.0}


def data(n_rows: int, n_features: int = 36, n_classes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_features))
    scores = np.tanh(X @ rng.normal(size=(n_features, 24))) @ rng.normal(size=(24, n_classes))
    return X, (scores + rng.normal(size=scores.shape)).argmax(1)


def ours(recipe: dict[str, Any]) -> Callable[[int], Any]:
    # Early stopping must not end it, but rows to validate on are scored, as by the others.
    return lambda epochs: NetClassifier(**recipe | {"random_state": 0, "max_epochs": epochs, "patience": 10**6})


def pytabkit(name: str, **settings: Any) -> Callable[[int], Any]:
    def make(epochs: int) -> Any:
        import pytabkit

        return getattr(pytabkit, f"{name}_Classifier")(
            random_state=0, device="cpu", n_threads=os.cpu_count(), n_epochs=epochs, **settings
        )

    return make


def skorch(epochs: int) -> Any:
    net = NeuralNetClassifier(
        Module,
        module__width=512,
        module__n_features=36,
        module__n_outputs=6,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        max_epochs=epochs,
        batch_size=256,
        iterator_train__shuffle=True,
        verbose=0,
    )
    return make_pipeline(StandardScaler(), ToFloat32(), net)


PAIRS: dict[str, tuple[Callable[[int], Any], dict[str, Any]]] = {
    "TabM, pytabkit's default": (pytabkit("TabM_D"), presets.tabm() | PLAIN_TABM),
    "TabM, as published": (pytabkit("TabM_D", **PUBLISHED), presets.tabm()),
    "RealMLP-TD": (pytabkit("RealMLP_TD"), presets.realmlp_td()),
    "512, 512 beside skorch": (skorch, WIDE | {"early_stopping": True, "validation_fraction": 0.2}),
}


def seconds(make: Callable[[int], Any], X: np.ndarray, y: np.ndarray) -> float:
    """Of one epoch."""
    took = []
    for epochs in (FEW, MANY):
        model = make(epochs)
        start = time.perf_counter()
        model.fit(X, y)
        took.append(time.perf_counter() - start)
    return (took[1] - took[0]) / (MANY - FEW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=6_000, help="of the table (default: 6000)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the numbers there")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    report: dict[str, Any] = {"machine": machine("skorch", "pytabkit"), "cores": os.cpu_count(), "rows": arguments.rows}
    print(json.dumps(report))
    X, y = data(arguments.rows)
    print("| network | peer, s an epoch | ours | ratio | ours, bf16 | ratio |\n|---|---|---|---|---|---|")
    for name, (peer, recipe) in PAIRS.items():
        contestants = {"peer": peer, "float32": ours(recipe)} | (
            {"bf16": ours(recipe | {"precision": "bf16"})} if half_products.is_supported() else {}
        )
        times: dict[str, list[float]] = {who: [] for who in contestants}
        for _ in range(arguments.rounds):
            for who, make in contestants.items():
                times[who].append(seconds(make, X, y))
        report[name] = {who: median(each) for who, each in times.items()}
        theirs = report[name]["peer"]
        cells = [
            f"{theirs:.2f}",
            *(f"{report[name][who]:.2f} | {report[name][who] / theirs:.2f}" for who in list(contestants)[1:]),
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
