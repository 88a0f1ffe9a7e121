"""How much each search method regrets, on tables of networks that others have trained.

Usage: searchers.py TABLES_DIR [--seeds N] [--tables NAME ...] [--only NAME ...] [--json FILE]

TABLES_DIR holds tables as NumPy archives: learning curves of LCBench (`lcbench_surrogate.npz`, from YAHPO Gym) and TaskSet (`taskset_*.npz`), final
scores of HPOBench (`hpobench_*.npz`) and HPOLib (`hpolib_*.npz`). A searcher's estimator looks its score up; so thousands of searches take minutes.
On curves every method has the epochs of one round of Hyperband, on final scores 60 networks. Proposals of methods that need not take a row of
the table go to the nearest row not yet tried, in the unit cube. Regret is the table's best final score minus that of the row chosen; the median over
seeds is shown, with its 95 % bootstrap interval, and each method's mean rank. Optuna comes with the extra `bayes`.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, RandomizedSearchCV

import sknet_hp.search as search

N_EVALUATIONS = 60
MOST_DIMENSIONS = 9


@dataclass(eq=False)
class Played:
    """One table, and what one search has tried of it."""

    name: str
    scores: np.ndarray  # (rows, epochs), higher is better, NaN where a network diverged
    unit: np.ndarray  # (rows, dimensions) in [0, 1]
    rows: dict[tuple[float, ...], int] = field(default_factory=dict)
    epochs: int = 0

    def row_of(self, point: tuple[float, ...]) -> int:
        """The nearest row that no other point has."""
        if point not in self.rows:
            distance = ((self.unit - np.array(point[: self.unit.shape[1]])) ** 2).sum(axis=1)
            distance[list(self.rows.values())] = np.inf
            self.rows[point] = int(np.argmin(distance))
        return self.rows[point]

    @property
    def n_epochs(self) -> int:
        return self.scores.shape[1]

    def regret(self, row: int) -> float:
        """In units of the table's score; rows without a final score regret as much as the worst."""
        final = self.scores[:, -1]
        return float(np.nanmax(final) - (final[row] if np.isfinite(final[row]) else np.nanmin(final)))


TABLE: list[Played] = []  # the one that is played, for estimators to find


class Row(ClassifierMixin, BaseEstimator):
    """A network that someone has trained: by its number, or as the nearest one to a point."""

    def __init__(
        self, index=None, u0=0.5, u1=0.5, u2=0.5, u3=0.5, u4=0.5, u5=0.5, u6=0.5, u7=0.5, u8=0.5, max_epochs=1, warm_start=False
    ):  # one by one, for scikit-learn reads the signature
        self.index = index
        self.u0, self.u1, self.u2, self.u3, self.u4, self.u5, self.u6, self.u7, self.u8 = u0, u1, u2, u3, u4, u5, u6, u7, u8
        self.max_epochs, self.warm_start = max_epochs, warm_start

    def fit(self, X: Any, y: Any) -> "Row":
        table = TABLE[0]
        self.classes_ = np.unique(y)
        begun = getattr(self, "n_iter_", 0) if self.warm_start else 0
        if not hasattr(self, "row_") or not self.warm_start:
            self.row_ = chosen_row(table, self.get_params())
        table.epochs += max(0, self.max_epochs - begun)
        self.n_iter_ = max(begun, self.max_epochs)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.repeat(self.classes_[:1], len(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float(TABLE[0].scores[self.row_, self.n_iter_ - 1])


def chosen_row(table: Played, params: dict[str, Any]) -> int:
    """The row that a setting of `Row` means."""
    if params.get("index") is not None:
        return int(params["index"])
    return table.row_of(tuple(float(params.get(f"u{k}", 0.5)) for k in range(MOST_DIMENSIONS)))


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
    return _played(RandomizedSearchCV(net, _rows(table), n_iter=_n_full(table, epochs), random_state=seed, **COMMON), table)


def sklearn_halving(table: Played, epochs: int, seed: int) -> int:
    """scikit-learn's, which trains each rung anew: as many candidates as the epochs allow."""
    halve = partial(HalvingRandomSearchCV, Row(), _rows(table), resource="max_epochs", min_resources=1, max_resources=table.n_epochs, **COMMON)
    steps = int(np.log(table.n_epochs) / np.log(3) + 1e-9)
    return _played(halve(n_candidates=max(3, epochs // (steps + 1)), random_state=seed), table)


def ours(name: str, space: Callable[[Played], Any] = _rows, **settings: Any) -> Callable[[Played, int, int], int]:
    """One of `sknet_hp.search`, from one epoch to all."""

    def play(table: Played, epochs: int, seed: int) -> int:
        own = {key: value(table, epochs) if callable(value) else value for key, value in settings.items()}
        net = Row(max_epochs=table.n_epochs)
        return _played(getattr(search, name)(net, space(table), min_resources=1, random_state=seed, **(COMMON | own)), table)

    return play


def _halving_candidates(table: Played, epochs: int) -> int:
    """The most candidates whose halving needs no more epochs."""
    from sknet_hp.search.brackets import bracket, n_steps
    from sknet_hp.search.brackets import epochs as used

    steps = n_steps(table.n_epochs, 1, 3)
    return max(n for n in range(3, epochs) if n == 3 or used(bracket(n, table.n_epochs, 1, 3, steps)) <= epochs)


def optuna_tpe(table: Played, epochs: int, seed: int) -> int:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))

    def objective(trial: Any) -> float:
        row = table.row_of(tuple([trial.suggest_float(f"u{k}", 0, 1) for k in range(table.unit.shape[1])]))
        trial.set_user_attr("row", row)
        table.epochs += table.n_epochs
        score = table.scores[row, -1]
        return float(score if np.isfinite(score) else np.nanmin(table.scores))

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
            trial.report(float(value if np.isfinite(value) else np.nanmin(table.scores)), epoch + 1)
            if trial.should_prune() or table.epochs >= epochs:
                raise optuna.TrialPruned
        return float(table.scores[row, -1])

    while table.epochs < epochs:
        study.optimize(objective, n_trials=1)
    whole = [t for t in study.trials if t.state.name == "COMPLETE" and np.isfinite(t.value)]
    return int(max(whole, key=lambda t: t.value).user_attrs["row"]) if whole else 0


METHODS: dict[str, Callable[[Played, int, int], int]] = {
    "random": random,
    "halving, scikit-learn": sklearn_halving,
    "TPE, Optuna": optuna_tpe,
    "Hyperband, Optuna": optuna_hyperband,
    "HalvingSearchCV": ours("HalvingSearchCV", n_candidates=_halving_candidates),
    "HyperbandSearchCV": ours("HyperbandSearchCV"),
    "ASHASearchCV": ours("ASHASearchCV", n_candidates=lambda table, epochs: epochs // 6),
    "BOHBSearchCV": ours("BOHBSearchCV", _cube),
    "TPESearchCV": ours("TPESearchCV", _cube, n_candidates=_n_full, n_points=1),
    "TPESearchCV, brackets": ours("TPESearchCV", _cube, multi_fidelity=True),
    "GPSearchCV": ours("GPSearchCV", _cube, n_candidates=_n_full, n_points=1),
    "GPSearchCV, brackets": ours("GPSearchCV", _cube, multi_fidelity=True),
    "CmaEsSearchCV": ours("CmaEsSearchCV", _cube, n_candidates=_n_full, n_points=1),
}
ON_FINAL_SCORES = ("random", "TPE, Optuna", "TPESearchCV", "GPSearchCV", "CmaEsSearchCV")


# ---- tables --------------------------------------------------------------------------------------------------------


def _scaled(values: np.ndarray) -> np.ndarray:
    """Columns in [0, 1]; those that span two decades or more by their logarithm."""
    columns = []
    for column in values.T.astype(float):
        if column.min() > 0 and column.max() / column.min() >= 100:
            column = np.log(column)
        width = column.max() - column.min()
        columns.append((column - column.min()) / (width or 1.0))
    return np.stack(columns, axis=1)


def tables(folder: Path, names: list[str] | None) -> list[Played]:
    found = []
    for path in sorted(folder.glob("*.npz")):
        archive = np.load(path)
        stem = path.stem
        if stem.startswith("lcbench"):
            unit = _scaled(archive["configs"])
            found += [
                Played(f"lcbench {key.rsplit('_', 1)[1]}", archive[key].astype(float), unit)
                for key in archive.files
                if key.startswith("val_accuracy")
            ]
        elif stem.startswith("taskset"):
            found.append(Played(stem, -archive["valid_loss"].astype(float), _scaled(archive["hp"])))
        else:
            values = archive["val_acc"] if "val_acc" in archive.files else -archive["val_loss"]
            final = values.astype(float).mean(axis=-1)
            grid = np.stack(np.meshgrid(*[np.linspace(0, 1, n) for n in final.shape], indexing="ij"), axis=-1)
            found.append(Played(stem, final.reshape(-1, 1), grid.reshape(-1, final.ndim)))
    return [table for table in found if not names or table.name in names]


def interval(regrets: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of the median."""
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(regrets, (2000, len(regrets))), axis=1)
    return float(np.quantile(medians, 0.025)), float(np.quantile(medians, 0.975))


def play(table: Played, method: Callable[[Played, int, int], int], epochs: int, seed: int) -> tuple[float, int]:
    """(regret, epochs used) of one search."""
    warnings.simplefilter("ignore")
    fresh = Played(table.name, table.scores, table.unit)
    TABLE[:] = [fresh]
    with joblib.parallel_config("sequential"):
        row = method(fresh, epochs, seed)
    return fresh.regret(row), fresh.epochs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="TABLES_DIR")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--only", nargs="+", choices=list(METHODS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    from sknet_hp.search.brackets import epochs as used
    from sknet_hp.search.brackets import hyperband

    results: dict[str, dict[str, list[float]]] = {}
    for table in tables(arguments.folder, arguments.tables):
        curves = table.n_epochs > 1
        budget = sum(map(used, hyperband(table.n_epochs, 1, 3))) if curves else N_EVALUATIONS
        names = [name for name in METHODS if (not arguments.only or name in arguments.only) and (curves or name in ON_FINAL_SCORES)]
        print(f"\n{table.name}: {len(table.scores)} networks, {budget} epochs", flush=True)
        results[table.name] = {}
        for name in names:
            calls = (joblib.delayed(play)(table, METHODS[name], budget, seed) for seed in range(arguments.seeds))
            regrets, spent = np.array(joblib.Parallel(arguments.jobs)(calls)).T
            low, high = interval(regrets)
            results[table.name][name] = regrets.tolist()
            print(f"  {name:24s} {np.median(regrets):9.4f}  [{low:.4f}, {high:.4f}]  {spent.mean():6.0f} epochs", flush=True)
    on_curves = [name for name in METHODS if all(name in own for own in results.values())] or []
    ranks = [rankdata([own[name] for name in own], axis=0) for own in results.values()]
    print("\nmean rank, over tables and seeds")
    for name in sorted({name for own in results.values() for name in own}, key=list(METHODS).index):
        mine = [np.mean(rank[list(own).index(name)]) for rank, own in zip(ranks, results.values(), strict=True) if name in own]
        print(f"  {name:24s} {np.mean(mine):5.2f} on {len(mine)} tables{'' if name in on_curves else ' with curves'}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
