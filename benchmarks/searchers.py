"""How much each search method regrets, on tables of networks that others have trained.

Usage: searchers.py TABLES_DIR [--seeds N] [--gp-seeds N] [--tables NAME ...] [--only
NAME ...] [--jobs N] [--json FILE]

TABLES_DIR holds tables as NumPy archives: learning curves of LCBench
(`lcbench_surrogate.npz`, from YAHPO Gym) and TaskSet (`taskset_*.npz`), final scores of
HPOBench (`hpobench_*.npz`) and HPOLib (`hpolib_*.npz`). A searcher's estimator looks
its score up; so thousands of searches take minutes, but for those of the Gaussian
process, which thinks for 15 seconds in each. On curves every method has the epochs of
one round of Hyperband, on final scores 60 networks. Proposals of methods that need not
take a row of the table go to the nearest row not yet tried, in the unit cube. Regret is
the table's best final score minus that of the row chosen; the median over seeds is
shown with its 95 % bootstrap interval, and so is each method's mean rank.
"HalvingSearchCV, 81" has fewer epochs and "HyperbandSearchCV, nearest" shows what the
nearest row costs: they have no rank.

What FILE has is not played again. Optuna comes with the extra `bayes`. dask-ml needs an
older dask than we develop with: install the extra `bench-dask` into an environment of
its own, and run there `--only "Hyperband, dask-ml"` with the same FILE. What can not be
had is left out, with a sentence. `PBTSearchCV` changes parameters while networks are
trained, which no table knows.
"""

import argparse
import json
import logging
import warnings
from collections.abc import Callable
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import tabulated
from machine import machine
from scipy.stats import rankdata
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, RandomizedSearchCV
from tabulated import Played, Row, StepwiseRow, chosen_row, tables

import sknet_hp.search as search

N_EVALUATIONS = 60


# ---- methods -------------------------------------------------------------------------------------------------------

X, Y = np.zeros((4, 1)), np.array([0, 1, 0, 1])
CV = [(np.arange(4), np.arange(4))]
COMMON: dict[str, Any] = {"cv": CV, "refit": False, "n_jobs": 1, "error_score": "raise"}


def _rows(table: Played) -> dict[str, Any]:
    return {"index": list(range(len(table.scores)))}


def _cube(table: Played) -> dict[str, Any]:
    return {f"u{k}": (0.0, 1.0) for k in range(table.unit.shape[1])}


def _played(searcher: Any, table: Played) -> int:
    searcher.fit(X, Y)
    return chosen_row(table, searcher.best_params_)


def _n_full(table: Played, epochs: int) -> int:
    return max(1, epochs // table.n_epochs)


def random(table: Played, epochs: int, seed: int) -> int:
    net = Row(max_epochs=table.n_epochs)
    return _played(
        RandomizedSearchCV(net, _rows(table), n_iter=_n_full(table, epochs), random_state=seed, **COMMON), table
    )


def sklearn_halving(table: Played, epochs: int, seed: int) -> int:
    """scikit-learn's, which trains each rung anew, and to 27 epochs of 52: as many
    candidates as the epochs allow.
    """
    halve = partial(
        HalvingRandomSearchCV,
        Row(),
        _rows(table),
        resource="max_epochs",
        min_resources=1,
        max_resources=table.n_epochs,
        **COMMON,
    )
    steps = int(np.log(table.n_epochs) / np.log(3) + 1e-9)
    n = max(n for n in range(3, epochs) if n == 3 or sum(ceil(n / 3**i) * 3**i for i in range(steps + 1)) <= epochs)
    return _played(halve(n_candidates=n, random_state=seed), table)


def ours(name: str, space: Callable[[Played], Any] = _rows, **settings: Any) -> Callable[[Played, int, int], int]:
    """One of `sknet_hp.search`, from one epoch to all."""

    def play(table: Played, epochs: int, seed: int) -> int:
        own = {key: value(table, epochs) if callable(value) else value for key, value in settings.items()}
        net = Row(max_epochs=table.n_epochs)
        return _played(
            getattr(search, name)(
                net, space(table), min_resources=1, initial_candidates=None, random_state=seed, **(COMMON | own)
            ),
            table,
        )

    return play


def _power(table: Played, epochs: int) -> int:
    """What scikit-learn's halving ends with: the greatest power of three."""
    return 3 ** int(np.log(table.n_epochs) / np.log(3) + 1e-9)


def _halving_candidates(
    table: Played, epochs: int, most: Callable[[Played, int], int] = lambda table, _: table.n_epochs
) -> int:
    """The most candidates whose halving needs no more epochs."""
    from sknet_hp.search.arithmetic.brackets import count_halvings, plan_bracket
    from sknet_hp.search.arithmetic.cost import sum_resources as used

    R = most(table, epochs)
    return max(
        n for n in range(3, epochs) if n == 3 or used(plan_bracket(n, R, 1, 3, count_halvings(R, 1, 3))) <= epochs
    )


def optuna_tpe(table: Played, epochs: int, seed: int) -> int:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))

    def objective(trial: Any) -> float:
        row = table.row_of(tuple([trial.suggest_float(f"u{k}", 0, 1) for k in range(table.unit.shape[1])]))
        trial.set_user_attr("row", row)
        table.epochs += table.n_epochs
        return table.finite(table.scores[row, -1])

    study.optimize(objective, n_trials=_n_full(table, epochs))
    return int(study.best_trial.user_attrs["row"])


def optuna_hyperband(table: Played, epochs: int, seed: int) -> int:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner = optuna.pruners.HyperbandPruner(1, table.n_epochs, 3)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner)

    def objective(trial: Any) -> float:
        row = table.row_of(tuple([trial.suggest_float(f"u{k}", 0, 1) for k in range(table.unit.shape[1])]))
        trial.set_user_attr("row", row)
        for epoch, value in enumerate(table.scores[row]):
            table.epochs += 1
            trial.report(table.finite(value), epoch + 1)
            if trial.should_prune() or table.epochs >= epochs:
                raise optuna.TrialPruned
        return float(table.scores[row, -1])

    while table.epochs < epochs:
        study.optimize(objective, n_trials=1)
    whole = [t for t in study.trials if t.state.name == "COMPLETE" and np.isfinite(t.value)]
    return int(max(whole, key=lambda t: t.value).user_attrs["row"]) if whole else 0


def _start_dask() -> None:
    """In this process, once; what `Parallel` sends to others may hold no functions with
    a cache.
    """
    import distributed

    try:
        distributed.get_client()
    except ValueError:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None)


def dask_hyperband(table: Played, epochs: int, seed: int) -> int:
    """dask-ml's, whose arithmetic of brackets gives a few epochs less."""
    from dask_ml.model_selection import HyperbandSearchCV

    _start_dask()
    hyperband = HyperbandSearchCV(
        StepwiseRow(), _rows(table), max_iter=table.n_epochs, aggressiveness=3, test_size=0.5, random_state=seed
    )
    hyperband.fit(X, Y, classes=[0, 1])
    return chosen_row(table, hyperband.best_params_)


METHODS: dict[str, Callable[[Played, int, int], int]] = {
    "random": random,
    "halving, scikit-learn": sklearn_halving,
    "TPE, Optuna": optuna_tpe,
    "Hyperband, Optuna": optuna_hyperband,
    "Hyperband, dask-ml": dask_hyperband,
    "HalvingSearchCV": ours("HalvingSearchCV", n_candidates=_halving_candidates),
    "HalvingSearchCV, to 27": ours(
        "HalvingSearchCV", n_candidates=partial(_halving_candidates, most=_power), max_resources=_power
    ),
    "HalvingSearchCV, 81": ours("HalvingSearchCV", n_candidates=81),
    "HyperbandSearchCV": ours("HyperbandSearchCV"),
    "HyperbandSearchCV, nearest": ours("HyperbandSearchCV", _cube),
    "ASHASearchCV": ours("ASHASearchCV", n_candidates=lambda table, epochs: epochs // 6),
    "BOHBSearchCV": ours("BOHBSearchCV", _cube),
    "TPESearchCV": ours("TPESearchCV", _cube, n_candidates=_n_full, n_points=1),
    "TPESearchCV, brackets": ours("TPESearchCV", _cube, multi_fidelity=True),
    "GPSearchCV": ours("GPSearchCV", _cube, n_candidates=_n_full, n_points=1),
    "GPSearchCV, brackets": ours("GPSearchCV", _cube, multi_fidelity=True),
    "CmaEsSearchCV": ours("CmaEsSearchCV", _cube, n_candidates=_n_full, n_points=1),
}
ON_FINAL_SCORES = ("random", "TPE, Optuna", "TPESearchCV", "GPSearchCV", "CmaEsSearchCV")
WITHOUT_RANK = ("HalvingSearchCV, 81", "HyperbandSearchCV, nearest")
PEERS = ("TPE, Optuna", "Hyperband, Optuna", "Hyperband, dask-ml")


Results = dict[str, dict[str, list[tuple[float, float]]]]
"""Of each table and method, regret and epochs used of each seed."""


def interval(values: np.ndarray, statistic: Callable[..., np.ndarray]) -> tuple[float, float]:
    """The 95 % bootstrap interval of a statistic over the last axis."""
    rng = np.random.default_rng(0)
    means = statistic(rng.choice(values, (2000, values.shape[-1]), axis=-1), axis=-1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def play(table: Played, name: str, epochs: int, seed: int) -> tuple[float, int]:
    """(regret, epochs used) of one search."""
    warnings.simplefilter("ignore")
    fresh = Played(table.name, table.scores, table.unit)
    tabulated.TABLE[:] = [fresh]  # by its module: workers have a copy of all else that stands here
    with joblib.parallel_config("sequential"):
        row = METHODS[name](fresh, epochs, seed)
    return fresh.regret(row), fresh.epochs


def print_ranks(title: str, results: list[dict[str, list[tuple[float, float]]]]) -> None:
    """Mean ranks over tables and seeds; once more with the methods that have fewer
    seeds, if there are any.
    """
    names = (
        [name for name in METHODS if name not in WITHOUT_RANK and all(name in own for own in results)]
        if results
        else []
    )
    for n in sorted({min(len(own[name]) for own in results) for name in names}, reverse=True):
        compared = [name for name in names if all(len(own[name]) >= n for own in results)]
        ranks = np.mean(
            [rankdata([[regret for regret, _ in own[name][:n]] for name in compared], axis=0) for own in results],
            axis=0,
        )
        print(f"\nmean rank on {title}, {n} seeds")
        for rank, name in sorted(zip(ranks, compared, strict=True), key=lambda pair: float(pair[0].mean())):
            low, high = interval(rank, np.mean)
            print(f"  {name:26s} {rank.mean():5.2f}  [{low:.2f}, {high:.2f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="TABLES_DIR")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--gp-seeds", type=int, help="of the Gaussian process, if fewer")
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--only", nargs="+", choices=list(METHODS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    from sknet_hp.search.arithmetic.brackets import plan_hyperband
    from sknet_hp.search.arithmetic.cost import sum_resources as used

    print(json.dumps(machine("scikit-optimize", "optuna", "cmaes", "dask", "dask-ml")))
    results: Results = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else {}
    played = tables(arguments.folder, arguments.tables)
    for table in played:
        curves = table.n_epochs > 1
        budget = sum(map(used, plan_hyperband(table.n_epochs, 1, 3))) if curves else N_EVALUATIONS
        print(f"\n{table.name}: {len(table.scores)} networks, {budget} epochs", flush=True)
        own = results.setdefault(table.name, {})
        for name in [name for name in arguments.only or METHODS if curves or name in ON_FINAL_SCORES]:
            done = own.get(name, [])
            n = arguments.gp_seeds if name.startswith("GP") and arguments.gp_seeds else arguments.seeds
            calls = (joblib.delayed(play)(table, name, budget, seed) for seed in range(len(done), n))
            try:
                own[name] = done = done + joblib.Parallel(arguments.jobs)(calls)
            except (ImportError, RuntimeError) as error:
                if name not in PEERS:
                    raise
                print(f"  {name:26s} is left out: {error}", flush=True)
                continue
            regrets, spent = np.array(done).T
            low, high = interval(regrets, np.median)
            print(
                f"  {name:26s} {np.median(regrets):9.4f}  [{low:.4f}, {high:.4f}]  {spent.mean():6.0f} epochs, "
                f"{len(done)} seeds",
                flush=True,
            )
            if arguments.json:
                arguments.json.write_text(json.dumps(results))
    for title, several in (("learning curves", True), ("final scores", False)):
        print_ranks(title, [results[table.name] for table in played if (table.n_epochs > 1) == several])


if __name__ == "__main__":
    main()
