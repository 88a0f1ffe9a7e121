"""How good the defaults and presets are, on the real tables of a folder, beside what
people use now.

Usage: quality.py DATA_DIR [--only NAME ...] [--tables NAME ...] [--seeds N] [--json
FILE] [--try NAME=JSON ...]

DATA_DIR holds tables as CSV files (compressed or not), the target in the last column,
numbers with many values making a regression; such tables are to be had from OpenML
(adult, bank-marketing, telco-churn, titanic, satimage, magic, german credit, california
housing, diamonds). LightGBM, CatBoost and pytabkit come with the extra `bench`. At most
10,000 training rows, 25 % test, the same split for all contestants, several seeds of
each. Every second table, by name, is one that the defaults were chosen on; the others
confirm. What is in FILE already is not measured again. At the end the tables of
docs/quality.md are printed.
"""

import argparse
import itertools
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from machine import machine
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

import sknet_hp
from sknet_hp import presets

MAX_TRAIN = 10_000
LEAKS = {"bank_marketing": ["duration"]}  # columns that tell the outcome


@dataclass(frozen=True)
class Problem:
    """One table, split."""

    name: str
    classes: bool
    X: pd.DataFrame
    y: np.ndarray
    X_test: pd.DataFrame
    y_test: np.ndarray


def problems(folder: Path, names: list[str] | None) -> list[Problem]:
    found = []
    for path in sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")]):
        name = path.name.split(".")[0]
        if names and name not in names:
            continue
        table = pd.read_csv(path)
        target = table.columns[-1]
        y = table.pop(target)
        classes = y.dtype == object or isinstance(y.dtype, pd.StringDtype) or y.nunique() <= 20
        X = table.drop(columns=LEAKS.get(name, []))
        labels = y.astype(str).to_numpy() if classes else y.to_numpy(dtype=float)
        split = train_test_split(X, labels, test_size=0.25, random_state=0, stratify=labels if classes else None)
        X, X_test, y, y_test = split
        found.append(Problem(name, bool(classes), X[:MAX_TRAIN], y[:MAX_TRAIN], X_test, y_test))
    return found


# ---- contestants ---------------------------------------------------------------------------------------------------


def _usual() -> ColumnTransformer:
    """What people put before a network: mean for what is missing, standardisation,
    one-hot.
    """
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=20, sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("words", words, make_column_selector(dtype_exclude="number")),
        ]
    )


def sklearn_mlp(problem: Problem, seed: int) -> Any:
    if problem.classes:
        return make_pipeline(_usual(), MLPClassifier(early_stopping=True, random_state=seed))
    network = MLPRegressor(early_stopping=True, random_state=seed)
    return make_pipeline(_usual(), TransformedTargetRegressor(network, transformer=StandardScaler()))


class _Float32(TransformerMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Any:
        return self

    def transform(self, X: Any) -> np.ndarray:
        return np.asarray(X, dtype=np.float32)


class _Module(nn.Sequential):
    """Two hidden layers of 128, as many people write them for skorch."""

    def __init__(self, n_outputs: int):
        super().__init__(nn.LazyLinear(128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, n_outputs))


class _Skorch(BaseEstimator):
    """skorch with the usual preprocessing, early stopping on a tenth of the rows, and
    the best epoch's weights.
    """

    def __init__(self, classes: bool, seed: int):
        self.classes, self.seed = classes, seed

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Any:
        torch.manual_seed(self.seed)
        settings = {
            "max_epochs": 100,
            "lr": 1e-3,
            "optimizer": torch.optim.AdamW,
            "batch_size": 128,
            "iterator_train__shuffle": True,
            "verbose": 0,
        }
        settings |= {
            "callbacks": [EarlyStopping(patience=10, load_best=True)],
            "train_split": ValidSplit(10, stratified=self.classes),
        }
        if self.classes:
            self.classes_, y = np.unique(y, return_inverse=True)
            net = NeuralNetClassifier(
                _Module, module__n_outputs=len(self.classes_), criterion=nn.CrossEntropyLoss, **settings
            )
        else:
            self.scaler = StandardScaler().fit(y[:, None])
            y = self.scaler.transform(y[:, None]).astype(np.float32)
            net = NeuralNetRegressor(_Module, module__n_outputs=1, **settings)
        self.model = make_pipeline(_usual(), _Float32(), net).fit(X, y)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.scaler.inverse_transform(self.model.predict(X))[:, 0]

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self.model.predict_proba(X)


def skorch(problem: Problem, seed: int) -> Any:
    return _Skorch(problem.classes, seed)


class _Typed(BaseEstimator):
    """A model of another library, for which `_typed` prepares tables."""

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.model.predict(self._typed(X))

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self.model.predict_proba(self._typed(X))


class _Boosted(_Typed):
    """LightGBM as it comes, text as categories."""

    def __init__(self, classes: bool, seed: int):
        import lightgbm

        make = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        self.model = make(random_state=seed, verbose=-1, n_jobs=2)

    def _typed(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(**{name: pd.Categorical(X[name], categories=known) for name, known in self.known.items()})

    def fit(self, X: pd.DataFrame, y: Any) -> Any:
        words = X.select_dtypes(exclude="number").columns
        self.known = {name: sorted(X[name].dropna().astype(str).unique()) for name in words}
        self.model.fit(self._typed(X), y)
        return self


def lightgbm(problem: Problem, seed: int) -> Any:
    return _Boosted(problem.classes, seed)


class _CatBoost(_Typed):
    """CatBoost as it comes, text as categories."""

    def __init__(self, classes: bool, seed: int):
        import catboost

        make = catboost.CatBoostClassifier if classes else catboost.CatBoostRegressor
        self.model = make(random_seed=seed, verbose=0, thread_count=2, allow_writing_files=False)

    def _typed(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(
            **{name: X[name].astype(object).where(X[name].notna(), "missing").astype(str) for name in self.words}
        )

    def fit(self, X: pd.DataFrame, y: Any) -> Any:
        self.words = list(X.select_dtypes(exclude="number").columns)
        self.model.fit(self._typed(X), y, cat_features=self.words)
        return self


def catboost(problem: Problem, seed: int) -> Any:
    return _CatBoost(problem.classes, seed)


class _Pytabkit(_Typed):
    """One of pytabkit's networks behind mean imputation, which it leaves to its users;
    text as categories.
    """

    def __init__(self, model: Any):
        self.model = model

    def _typed(self, X: pd.DataFrame) -> pd.DataFrame:
        filled = X.fillna(self.means)
        return filled.astype(dict.fromkeys(X.select_dtypes(exclude="number").columns, "category"))

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Any:
        self.means = X.select_dtypes("number").mean()
        self.model.fit(self._typed(X), y)
        return self


def pytabkit(name: str, log_loss: bool = False, **settings: Any) -> Callable[[Problem, int], Any]:
    """One of pytabkit's networks; `log_loss` is its fair setting for that metric: no
    smoothing, the best epoch by cross-entropy.
    """

    def make(problem: Problem, seed: int) -> Any:
        import pytabkit

        Net = getattr(pytabkit, f"{name}_{'Classifier' if problem.classes else 'Regressor'}")
        fair = (
            {"val_metric_name": "cross_entropy"} | ({"use_ls": False} if name.startswith("RealMLP") else {})
            if log_loss and problem.classes
            else {}
        )
        return _Pytabkit(Net(random_state=seed, device="cpu", n_threads=2, **fair, **settings))

    return make


def ours(
    preset: Callable[..., dict[str, Any]] | None = None, log_loss: bool = False, **parameters: Any
) -> Callable[[Problem, int], Any]:
    def make(problem: Problem, seed: int) -> Any:
        Net = sknet_hp.NetClassifier if problem.classes else sknet_hp.NetRegressor
        metric = {"metric": "log_loss"} if log_loss else {}
        recipe = preset("classification" if problem.classes else "regression", **metric) if preset else {}
        return Net(**{"random_state": seed} | recipe | parameters)

    return make


PLAIN_TABM = {"num_embedding": "none", "n_layers": 3, "weight_decay": 0.0, "grad_clip_norm": None}
"""What makes `presets.tabm` pytabkit's default; its own contestant "published" is the
other way round, what its authors' code has, as our preset.
"""

CONTESTANTS: dict[str, Callable[[Problem, int], Any]] = {
    "default": ours(),
    "default, 5 members": ours(n_members=5),
    "sklearn MLP": sklearn_mlp,
    "skorch": skorch,
    "LightGBM": lightgbm,
    "CatBoost": catboost,
    "mlp": ours(presets.mlp),
    "mlp_plr": ours(presets.mlp_plr),
    "resnet": ours(presets.resnet),
    "realmlp_td": ours(presets.realmlp_td),
    "realmlp_td ll": ours(presets.realmlp_td, log_loss=True),
    "realmlp_td ll, 5 members": ours(presets.realmlp_td, log_loss=True, n_members=5),
    "realmlp_td_s": ours(presets.realmlp_td_s),
    "realmlp_td_s ll": ours(presets.realmlp_td_s, log_loss=True),
    "tabm": ours(presets.tabm),
    "tabm bf16": ours(presets.tabm, precision="bf16"),
    "tabm plain": ours(presets.tabm, **PLAIN_TABM),
    "tabm_s": ours(presets.tabm_s),
    "pytabkit RealMLP-TD": pytabkit("RealMLP_TD"),
    "pytabkit RealMLP-TD ll": pytabkit("RealMLP_TD", log_loss=True),
    "pytabkit RealMLP-TD-S": pytabkit("RealMLP_TD_S"),
    "pytabkit RealMLP-TD-S ll": pytabkit("RealMLP_TD_S", log_loss=True),
    "pytabkit TabM": pytabkit("TabM_D"),
    "pytabkit TabM published": pytabkit("TabM_D", num_emb_type="pwl", weight_decay=3e-4, gradient_clipping_norm=1.0),
}


# ---- measuring -----------------------------------------------------------------------------------------------------


def calibration_error(y: np.ndarray, p: np.ndarray, n_bins: int = 15) -> float:
    """Expected calibration error of the most probable class (Guo et al. 2017), in bins
    of equal width.
    """
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    which = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    return float(
        sum(
            abs((right[which == b].mean() - confidence[which == b].mean()) * (which == b).mean())
            for b in np.unique(which)
        )
    )


def measure(problem: Problem, make: Callable[[Problem, int], Any], seed: int) -> dict[str, float]:
    model = make(problem, seed)
    start = time.perf_counter()
    model.fit(problem.X, problem.y)
    seconds = time.perf_counter() - start
    if not problem.classes:
        return {
            "loss": root_mean_squared_error(problem.y_test, model.predict(problem.X_test)) / problem.y_test.std(),
            "seconds": seconds,
        }
    classes = np.unique(problem.y)
    # As float64: the log loss takes no probability for less than its type can tell from 0.
    y, p = np.searchsorted(classes, problem.y_test), np.asarray(model.predict_proba(problem.X_test), dtype=float)
    return {
        "loss": log_loss(y, p, labels=np.arange(len(classes))),
        "accuracy": float((p.argmax(axis=1) == y).mean()),
        "auc": roc_auc_score(y, p[:, 1] if len(classes) == 2 else p, multi_class="ovr"),
        "ece": calibration_error(y, p),
        "seconds": seconds,
    }


def geometric_mean(values: list[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


def summary(records: list[dict[str, Any]], tables: list[str]) -> str:
    """The tables of docs/quality.md: those of classes first, then what holds over all."""
    names = list(dict.fromkeys(r["contestant"] for r in records))
    complete = [t for t in tables if all(any(r["table"] == t and r["contestant"] == n for r in records) for n in names)]

    def mean(table: str, name: str, what: str) -> float:
        return float(np.mean([r[what] for r in records if (r["table"], r["contestant"]) == (table, name)]))

    def row(title: str, half: str, cells: list[str]) -> str:
        return "| " + " | ".join([title, half, *cells]) + " |"

    losses = {t: [mean(t, n, "loss") for n in names] for t in complete}
    lines = [row("table", "half", names), row("---", "---", ["---"] * len(names))]
    for t in complete:
        cells = [f"{loss:.4f} ({mean(t, n, 'seconds'):.1f})" for n, loss in zip(names, losses[t], strict=True)]
        best = int(np.argmin(losses[t]))
        cells[best] = "**" + cells[best].replace(" (", "** (")
        lines.append(row(t, "chosen" if tables.index(t) % 2 == 0 else "confirmed", cells))
    for half, members in {"chosen": tables[::2], "confirmed": tables[1::2], "all": tables}.items():
        held = [t for t in members if t in complete]
        if held:
            cells = [f"{geometric_mean([losses[t][i] for t in held]):.4f}" for i in range(len(names))]
            lines.append(row(f"geometric mean, {half}", "", cells))
    if complete:
        ranks = np.mean([rankdata(losses[t]) for t in complete], axis=0)
        lines.append(row("mean rank", "", [f"{rank:.1f}" for rank in ranks]))
        seconds = [geometric_mean([mean(t, n, "seconds") for t in complete]) for n in names]
        spreads = [
            np.median(
                [
                    np.std([r["loss"] for r in records if (r["table"], r["contestant"]) == (t, n)]) / mean(t, n, "loss")
                    for t in complete
                ]
            )
            for n in names
        ]
        lines.append(row("spread between seeds, median", "", [f"{100 * spread:.1f} %" for spread in spreads]))
        lines.append(row("seconds, geometric mean", "", [f"{s:.1f}" for s in seconds]))
    of_classes = [t for t in complete if "auc" in next(r for r in records if r["table"] == t)]
    if of_classes:
        for title, what in {"AUC": "auc", "accuracy": "accuracy", "expected calibration error": "ece"}.items():
            lines += ["", row(title, "", names), row("---", "---", ["---"] * len(names))]
            for t in of_classes:
                lines.append(row(t, "", [f"{mean(t, n, what):.4f}" for n in names]))
            lines.append(row("mean", "", [f"{np.mean([mean(t, n, what) for t in of_classes]):.4f}" for n in names]))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DATA_DIR")
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--only", nargs="+", choices=list(CONTESTANTS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--try",
        dest="tries",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="one of ours with parameters of your own",
    )
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    contestants = {name: CONTESTANTS[name] for name in arguments.only or CONTESTANTS}
    contestants |= {
        name: ours(**json.loads(parameters)) for name, parameters in (one.split("=", 1) for one in arguments.tries)
    }
    print(json.dumps(machine("skorch", "lightgbm", "catboost", "pytabkit")))
    tables = problems(arguments.folder, arguments.tables)
    records: list[dict[str, Any]] = (
        json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else []
    )
    done = {(r["table"], r["contestant"], r["seed"]) for r in records}
    for seed, problem in itertools.product(range(arguments.seeds), tables):
        for name, make in contestants.items():
            if (problem.name, name, seed) in done:
                continue
            one = measure(problem, make, seed)
            records.append({"table": problem.name, "contestant": name, "seed": seed} | one)
            print(f"{problem.name:20s} {name:28s} seed {seed}  {one['loss']:.4f}  {one['seconds']:.1f} s", flush=True)
            if arguments.json:
                arguments.json.write_text(json.dumps(records, indent=1))
    print(summary([r for r in records if r["contestant"] in contestants], [problem.name for problem in tables]))


if __name__ == "__main__":
    main()
