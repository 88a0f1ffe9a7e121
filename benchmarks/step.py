"""What a training step of one network spends its time on, kernel by kernel.

    python benchmarks/step.py                                    # the default network
    on a made table of 10,000 x 20 python benchmarks/step.py DATA/diamonds.csv.gz
    --numbers     # on a table of yours, whose last column are numbers python
    benchmarks/step.py --preset tabm_s

Each kernel of the step's tape runs by itself some hundred times on one core; its
fastest run counts. What a whole step takes more is the loop.
"""

import argparse
import gc
import time
from collections import defaultdict
from typing import Any

import numpy as np
from machine import machine

from sknet_hp import NetClassifier, NetRegressor, presets


def catch_training(model: Any, X: Any, y: Any) -> Any:
    """Return the training of a network, after its first epoch."""
    from sknet_hp.training.compiled.training import Training

    caught, result = [], Training.finish

    def result_of(training: Training) -> Any:
        caught.append(training)
        return result(training)

    Training.finish = result_of  # type: ignore[method-assign]
    try:
        model.set_params(max_epochs=1).fit(X, y)
    finally:
        Training.finish = result  # type: ignore[method-assign]
    return caught[0]


def fastest(tape: np.ndarray, training: Any, seconds: float = 0.03) -> float:
    """Seconds of a tape."""
    from sknet_hp.nets.compiled.tape_walk import BARRIER, run_tape

    barrier, best, end = np.zeros(BARRIER, np.int64), np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        training.workspace.cursor[0] = 0
        begin = time.perf_counter()
        run_tape(tape=tape, n=len(tape), barrier=barrier)
        best = min(best, time.perf_counter() - begin)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", help="a CSV file with the target in the last column")
    parser.add_argument("--numbers", action="store_true", help="the target are numbers")
    parser.add_argument("--preset", help="a recipe of sknet_hp.presets in place of the defaults")
    args = parser.parse_args()
    if args.table:
        import pandas as pd

        frame = pd.read_csv(args.table)
        X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    else:
        X = np.random.default_rng(0).normal(size=(10_000, 20))
        y = X[:, 0] * X[:, 1] > 0
    recipe = getattr(presets, args.preset)("regression" if args.numbers else "classification") if args.preset else {}
    training = catch_training((NetRegressor if args.numbers else NetClassifier)(**recipe | {"random_state": 0}), X, y)

    from sknet_hp.nets.compiled.kernel import Kernel

    names = {each.address: each.name for each in gc.get_objects() if type(each) is Kernel and each._made is not None}
    empty = fastest(training.tapes.step[:0], training)
    times: defaultdict[str, float] = defaultdict(float)
    for row in training.tapes.step:
        times[names[int(row[0])]] += max(0.0, fastest(row[None].copy(), training) - empty)
    whole, each = fastest(training.tapes.step, training, 0.5), sum(times.values())
    print(machine("numba"))
    print(
        f"a step of {training.workspace.rows} rows: {1e6 * whole:.0f} us; its kernels by themselves {1e6 * each:.0f} us"
    )
    for name, seconds in sorted(times.items(), key=lambda item: -item[1]):
        print(f"{1e6 * seconds:8.1f} us  {seconds / each:5.1%}  {name}")


if __name__ == "__main__":
    main()
