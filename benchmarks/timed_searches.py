"""Searches over the same space of the same networks, by several libraries, that note
when they found what.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, NamedTuple

import joblib
import numpy as np
import torch
from contestants import Module, Setting, our_net
from scipy.stats import loguniform, uniform
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import KFold, RandomizedSearchCV, StratifiedKFold
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import Callback
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn

import sknet_hp
from sknet_hp import search

N_CANDIDATES, N_FOLDS, N_EPOCHS, N_JOBS = 20, 3, 30, 2
BATCH = 128
SPACE: dict[str, Any] = {
    "lr": loguniform(3e-4, 3e-2),
    "weight_decay": loguniform(1e-5, 1e-1),
    "dropout": uniform(0, 0.5),
    "width": [32, 64, 128],
}
IN_SKORCH = {
    "lr": "lr",
    "weight_decay": "optimizer__weight_decay",
    "dropout": "module__dropout",
    "width": "module__width",
}


@dataclass(frozen=True)
class Table:
    """One table, as float32 matrices that any network can take.

    Attributes
    ----------
    X, X_test : ndarray of shape (n_rows, n_features)
    y, y_test : ndarray of shape (n_rows,); class numbers as int64, or standardised
        float32.
    """

    name: str
    classes: bool
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    def folds(self) -> Any:
        return (StratifiedKFold if self.classes else KFold)(N_FOLDS).split(self.X, self.y)

    @property
    def column(self) -> np.ndarray:
        """The targets as skorch wants them."""
        return self.y if self.classes else self.y[:, None]


class Found(NamedTuple):
    """A candidate that a search has scored."""

    when: float  # on `time.monotonic`
    score: float
    params: dict[str, Any]  # by the names of `SPACE`
    epochs: int
    fitted: Any = None  # on all training rows, if the search has done that by itself


Search = Callable[[Table, int], Iterator[list[Found]]]
"""Of a table and a seed. Gives nothing at first, when it is ready, then what each round
of searching has found, as long as it is asked.
"""


def score(net: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Minus the log loss, or minus the root mean squared error over the target's
    standard deviation; NaN for a network that diverged.
    """
    classes = y.dtype.kind == "i"
    predictions = net.predict_proba(X) if classes else net.predict(X)
    if not np.isfinite(predictions).all():
        return np.nan
    return (
        -log_loss(y, predictions, labels=np.arange(predictions.shape[1]))
        if classes
        else -root_mean_squared_error(y.ravel(), predictions.ravel())
    )


def score_and_time(net: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """As a scorer of scikit-learn, with the time as a second score: so every search
    tells when each candidate was known.
    """
    return {"score": score(net, X, y), "when": time.monotonic()}


# ---- networks ------------------------------------------------------------------------------------------------------


def skorch_net(table: Table, **settings: Any) -> Any:
    n_outputs = len(np.unique(table.y)) if table.classes else 1
    Net, criterion = (NeuralNetClassifier, nn.CrossEntropyLoss) if table.classes else (NeuralNetRegressor, nn.MSELoss)
    default = {
        "max_epochs": N_EPOCHS,
        "train_split": None,
        "module__width": 64,
        "optimizer": torch.optim.AdamW,
        "verbose": 0,
    }
    shape = {"module__n_features": table.X.shape[1], "module__n_outputs": n_outputs}
    return Net(
        Module, criterion=criterion, batch_size=BATCH, iterator_train__shuffle=True, **(default | shape | settings)
    )


def fused_net(table: Table, **settings: Any) -> Any:
    Net = sknet_hp.NetClassifier if table.classes else sknet_hp.NetRegressor
    return our_net(Setting(64, BATCH, N_EPOCHS), Net=Net).set_params(numeric_transform="none", **settings)


def shipped_net(table: Table, **settings: Any) -> Any:
    """As it comes, with early stopping and whatever else is the default."""
    return (sknet_hp.NetClassifier if table.classes else sknet_hp.NetRegressor)(**settings)


def in_skorch(params: dict[str, Any]) -> dict[str, Any]:
    return {IN_SKORCH[name]: value for name, value in params.items()}


def from_skorch(params: dict[str, Any]) -> dict[str, Any]:
    return {name: params[theirs] for name, theirs in IN_SKORCH.items()}


def refitted(contestant: str, table: Table, found: Found, seed: int) -> tuple[float, float]:
    """(seconds, score on the test rows) of what was found, fitted on all training rows."""
    if found.fitted is not None:
        return 0.0, score(found.fitted, table.X_test, table.y_test)
    if contestant.startswith("ours"):
        make = shipped_net if contestant == SHIPPED else fused_net
        net, y = make(table, random_state=seed, max_epochs=found.epochs, **found.params), table.y
    else:
        torch.manual_seed(seed)
        net, y = skorch_net(table, max_epochs=found.epochs, **in_skorch(found.params)), table.column
    start = time.monotonic()
    net.fit(table.X, y)
    return time.monotonic() - start, score(net, table.X_test, table.y_test)


# ---- searches ------------------------------------------------------------------------------------------------------


def _of_results(results: dict[str, Any], params: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Found]:
    when = np.max([results[f"split{k}_test_when"] for k in range(N_FOLDS)], axis=0)
    epochs = results.get("n_resources", np.full(len(when), N_EPOCHS))
    rows = zip(when, results["mean_test_score"], map(params, results["params"]), epochs, strict=True)
    return [Found(float(when), float(mean), params, int(n)) for when, mean, params, n in rows]


def random(table: Table, seed: int) -> Iterator[list[Found]]:
    yield []
    space = in_skorch(SPACE)
    settings = {
        "scoring": score_and_time,
        "refit": False,
        "cv": list(table.folds()),
        "n_jobs": N_JOBS,
        "random_state": seed,
    }
    made = RandomizedSearchCV(skorch_net(table), space, n_iter=N_CANDIDATES, **settings).fit(table.X, table.column)
    yield _of_results(made.cv_results_, from_skorch)


def ours(name: str, make: Callable[..., Any] = fused_net, **settings: Any) -> Search:
    """One of `sknet_hp.search`, again and again."""

    def run(table: Table, seed: int) -> Iterator[list[Found]]:
        yield []
        common = {"scoring": score_and_time, "refit": False, "cv": list(table.folds()), "n_jobs": N_JOBS} | settings
        for again in count():
            made = getattr(search, name)(
                make(table, random_state=0), SPACE, random_state=seed + 1000 * again, **common
            ).fit(table.X, table.y)
            yield _of_results(made.cv_results_, lambda params: {key: params[key] for key in SPACE})

    return run


def ours_with_ensemble(name: str, **settings: Any) -> Search:
    """One of `sknet_hp.search`, again and again, of networks that stop early, and that
    ends with an ensemble of those trained to the end.
    """

    def run(table: Table, seed: int) -> Iterator[list[Found]]:
        yield []
        scoring = "neg_log_loss" if table.classes else "neg_root_mean_squared_error"
        common = {"scoring": scoring, "refit": "ensemble", "cv": list(table.folds()), "n_jobs": N_JOBS} | settings
        for again in count():
            net = fused_net(table, random_state=0, early_stopping=True)
            made = getattr(search, name)(net, SPACE, random_state=seed + 1000 * again, **common).fit(table.X, table.y)
            yield [Found(time.monotonic(), made.best_score_, made.best_params_, N_EPOCHS, made)]

    return run


def optuna(pruner: str, *arguments: Any) -> Search:
    """TPE in two processes over one study, with a pruner that is told the validation
    loss of the first fold after each of its epochs.
    """

    def run(table: Table, seed: int) -> Iterator[list[Found]]:
        with tempfile.TemporaryDirectory() as folder:
            yield []
            for again in count(1):
                most = N_CANDIDATES * again
                calls = (
                    joblib.delayed(_trials)(table, f"{folder}/journal", pruner, arguments, 2 * seed + k, most)
                    for k in range(N_JOBS)
                )
                yield [Found(*each) for part in joblib.Parallel(N_JOBS)(calls) for each in part]

    return run


def _trials(
    table: Table, journal: str, pruner: str, arguments: tuple[Any, ...], seed: int, most: int
) -> list[tuple[Any, ...]]:
    """What one process finds until there are so many trials in all."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(journal)),
        study_name="search",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed + 1000 * most, constant_liar=True),
        pruner=getattr(optuna.pruners, pruner)(*arguments),
        load_if_exists=True,
    )
    found = []

    class Report(Callback):
        """Tell a trial how its first fold does."""

        def __init__(self, trial: Any):
            self.trial = trial

        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            self.trial.report(-net.history[-1, "valid_loss"], len(net.history))
            if self.trial.should_prune():
                raise optuna.TrialPruned

    def objective(trial: Any) -> float:
        params: dict[str, Any] = {"lr": trial.suggest_float("lr", 3e-4, 3e-2, log=True)}
        params["weight_decay"] = trial.suggest_float("weight_decay", 1e-5, 1e-1, log=True)
        params |= {
            "dropout": trial.suggest_float("dropout", 0, 0.5),
            "width": trial.suggest_categorical("width", SPACE["width"]),
        }
        scores = []
        for fold, (train, valid) in enumerate(table.folds()):
            net = skorch_net(table, **in_skorch(params))
            if fold == 0:
                net.set_params(
                    callbacks=[Report(trial)],
                    train_split=predefined_split(Dataset(table.X[valid], table.column[valid])),
                )
            net.fit(table.X[train], table.column[train])
            scores.append(score(net, table.X[valid], table.y[valid]))
        mean = float(np.mean(scores))
        found.append((time.monotonic(), mean, params, N_EPOCHS))
        return mean

    states = [getattr(optuna.trial.TrialState, state) for state in ("COMPLETE", "PRUNED", "FAIL")]
    study.optimize(objective, callbacks=[optuna.study.MaxTrialsCallback(most, states=tuple(states))])
    return found


def dask_hyperband(table: Table, seed: int) -> Iterator[list[Found]]:
    """dask-ml's, again and again; it holds a third of the rows out, where the others
    have three folds.
    """
    from dask.distributed import Client, LocalCluster
    from dask_ml.model_selection import HyperbandSearchCV

    scoring = "neg_log_loss" if table.classes else "neg_root_mean_squared_error"
    with (
        LocalCluster(n_workers=N_JOBS, threads_per_worker=1, dashboard_address=None, silence_logs="ERROR") as cluster,
        Client(cluster),
    ):
        yield []
        for again in count():
            settings = {
                "max_iter": N_EPOCHS,
                "test_size": 1 / N_FOLDS,
                "scoring": scoring,
                "random_state": seed + 1000 * again,
            }
            made = HyperbandSearchCV(skorch_net(table, max_epochs=1), in_skorch(SPACE), **settings)
            start = time.monotonic()
            made.fit(table.X, table.column, **({"classes": np.unique(table.y)} if table.classes else {}))
            yield [
                Found(start + h["elapsed_wall_time"], h["score"], from_skorch(h["params"]), h["partial_fit_calls"])
                for h in made.history_
            ]


def warm_up() -> None:
    """Start what processes there are, and load what libraries they need."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 20)).astype(np.float32)
    table = Table("made", True, X, (X[:, 0] > 0).astype(np.int64), X, X[:, 0])
    for warm in (random, ours("RandomizedSearchCV", n_iter=N_CANDIDATES)):
        list(islice(warm(table, 0), 2))


RANDOM, SHIPPED = "RandomizedSearchCV, skorch", "ours, default networks, HalvingSearchCV"
SEARCHES: dict[str, Search] = {
    RANDOM: random,
    "ours, HalvingSearchCV": ours("HalvingSearchCV"),
    "ours, HyperbandSearchCV": ours("HyperbandSearchCV"),
    "ours, RandomizedSearchCV": ours("RandomizedSearchCV", n_iter=N_CANDIDATES),
    "ours, HalvingSearchCV, ensemble": ours_with_ensemble("HalvingSearchCV", n_candidates=27, min_resources=3),
    SHIPPED: ours("HalvingSearchCV", shipped_net, initial_candidates=["current"]),
    "Optuna TPE + HyperbandPruner": optuna("HyperbandPruner", 1, N_EPOCHS, 3),
    "Optuna TPE + MedianPruner": optuna("MedianPruner"),
    "dask-ml HyperbandSearchCV": dask_hyperband,
}
NEEDS = {"Optuna": "optuna", "dask-ml": "dask_ml"}
"""What must be installed for those whose names begin so."""
