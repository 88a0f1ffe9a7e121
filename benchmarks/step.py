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


def network_in_training(model: Any, X: Any, y: Any) -> Any:
    """The arrays and tapes of a network, after its first epoch."""
    from sknet_hp.training.compiled.training import Training

    caught, result = [], Training.result

    def result_of(training: Training) -> Any:
        caught.append(training.workspace)
        return result(training)

    Training.result = result_of  # type: ignore[method-assign]
    try:
        model.set_params(max_epochs=1).fit(X, y)
    finally:
        Training.result = result  # type: ignore[method-assign]
    return caught[0]


def fastest(tape: np.ndarray, network: Any, seconds: float = 0.03) -> float:
    """Seconds of a tape."""
    from sknet_hp.nets.compiled.machine import BARRIER, run_tape

    barrier, best, end = np.zeros(BARRIER, np.int64), np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        network.cursor[0] = 0
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
    network = network_in_training(
        (NetRegressor if args.numbers else NetClassifier)(**recipe | {"random_state": 0}), X, y
    )

    from sknet_hp.nets.compiled.kernel import Kernel

    names = {each.address: each.name for each in gc.get_objects() if type(each) is Kernel and each._made is not None}
    empty = fastest(network.step[:0], network)
    times: defaultdict[str, float] = defaultdict(float)
    for row in network.step:
        times[names[int(row[0])]] += max(0.0, fastest(row[None].copy(), network) - empty)
    whole, each = fastest(network.step, network, 0.5), sum(times.values())
    print(machine("numba"))
    print(f"a step of {network.rows} rows: {1e6 * whole:.0f} us; its kernels by themselves {1e6 * each:.0f} us")
    for name, seconds in sorted(times.items(), key=lambda item: -item[1]):
        print(f"{1e6 * seconds:8.1f} us  {seconds / each:5.1%}  {name}")


if __name__ == "__main__":
    main()
