"""How long tables of several shapes take, from the table to predictions, and how much
memory.

Usage: tables.py [SHAPE ...]

Each shape runs in a process of its own (Linux only: the peak of its memory is read from
/proc). Memory is beyond what the process held with the table in it; "encoded" is the
table in the compact form that training takes.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine


def wide(rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    X = rng.normal(size=(2000, 5000))
    return X, (X[:, :20].sum(1) > 0).astype(int)


def tall(rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    X = rng.normal(size=(1_000_000, 20))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def frame(rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    """Twenty columns: twelve of numbers, four of them with gaps; two of whole numbers;
    three of few words; one boolean; two of text.
    """
    import pandas as pd

    n = 1_000_000
    columns: dict[str, Any] = {f"number{k}": rng.normal(size=n) for k in range(12)}
    for k in range(4):
        columns[f"number{k}"][rng.random(n) < 0.1] = np.nan
    columns |= {f"whole{k}": rng.integers(0, 100, n) for k in range(2)}
    for k, n_words in enumerate((3, 20, 90)):
        words = np.array([f"word {w}" for w in range(n_words)] + [None], dtype=object)
        columns[f"words{k}"] = words[rng.integers(0, len(words), n)]
    columns["boolean"] = rng.random(n) < 0.3
    columns["city"] = np.array([f"City {c}" for c in range(5000)], dtype=object)[rng.integers(0, 5000, n)]
    columns["name"] = [
        f"{title} {number}"
        for title, number in zip(rng.choice(["Mr", "Mrs", "Dr"], n), rng.integers(0, 10**9, n), strict=True)
    ]
    return pd.DataFrame(columns), (columns["number11"] * columns["number10"] > 0).astype(int)


def sparse(rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    import scipy.sparse

    X = scipy.sparse.random_array((20_000, 5000), density=0.01, rng=rng, format="csr")
    return X, (np.asarray(X[:, :500].sum(1)).ravel() > np.asarray(X[:, 500:1000].sum(1)).ravel()).astype(int)


def tiny(rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    X = rng.normal(size=(10, 3))
    return X, (X[:, 0] > 0).astype(int)


SHAPES: dict[str, tuple[Callable[[np.random.Generator], tuple[Any, np.ndarray]], dict[str, Any]]] = {
    "wide": (wide, {}),
    "tall": (tall, {"max_epochs": 2}),
    "frame": (frame, {"max_epochs": 2}),
    "sparse": (sparse, {"max_epochs": 10}),
    "tiny": (tiny, {}),
}


class Peak:
    """Seconds and the peak of memory of a `with` block, in MB beyond what there was
    before.
    """

    @staticmethod
    def _status(name: str) -> float:
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1024

    def __enter__(self) -> "Peak":
        Path("/proc/self/clear_refs").write_text("5")  # the peak becomes what there is now
        self.before, self.start = self._status("VmRSS"), time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        self.seconds = time.perf_counter() - self.start
        self.memory = self._status("VmHWM") - self.before


def measure(shape: str) -> dict[str, Any]:
    """One shape, in this process."""
    from sknet_hp import NetClassifier
    from sknet_hp.estimators.building.structure import make_encoder

    make, parameters = SHAPES[shape]
    NetClassifier(max_epochs=1).fit(np.eye(8), np.arange(8) % 2).predict(np.eye(8))  # libraries are loaded
    X, y = make(np.random.default_rng(0))
    net = NetClassifier(random_state=0, **parameters)
    encoder = make_encoder(net)
    with Peak() as encode:
        encoded = encoder.learn(X)
    del encoded  # a virtual machine is given its memory when it is first touched, which takes longer than all else
    with Peak() as encode:
        encoded = encoder.learn(X)
    size = encoded.nbytes / 2**20
    width = encoded.width
    del encoded
    with Peak() as fit:
        net.fit(X, y)
    with Peak() as predict:
        net.predict(X)
    times = {
        name: [part.seconds, part.memory] for name, part in (("encode", encode), ("fit", fit), ("predict", predict))
    }
    return {
        "shape": " × ".join(f"{n:,}" for n in X.shape),
        "width": width,
        "encoded": size,
        "epochs": net.n_iter_,
    } | times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=", ".join(SHAPES))
    parser.add_argument("--one", choices=list(SHAPES), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return
    unknown = set(arguments.shapes) - set(SHAPES)
    if unknown:
        parser.error(f"no shape {', '.join(sorted(unknown))}; there are {', '.join(SHAPES)}")
    print(json.dumps(machine("pandas")))
    print("\n| table | encoded | encode, s (MB) | fit, s (MB) | epochs | predict, s (MB) |\n|---|---|---|---|---|---|")
    for shape in arguments.shapes or SHAPES:
        output = subprocess.run(
            [sys.executable, __file__, "--one", shape], capture_output=True, text=True, check=True
        ).stdout
        one = json.loads(output.splitlines()[-1])
        cells = {name: "{:.2f} ({:,.0f})".format(*one[name]) for name in ("encode", "fit", "predict")}
        encoded = f"{one['width']:,} columns, {one['encoded']:,.0f} MB"
        print(
            f"| {shape}: {one['shape']} | {encoded} | {cells['encode']} | {cells['fit']} | {one['epochs']} | "
            f"{cells['predict']} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
