"""What is compared: the same search over the same networks, by skorch, by
scikit-learn's MLP and by sknet_hp.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

import sknet_hp

LR, DECAY = [1e-4, 3e-4, 1e-3, 3e-3], [0, 1e-2, 1e-1]
SHAPES = [(32, 32), (32, 256), (64, 128), (128, 256), (256, 256), (512, 512)]


@dataclass(frozen=True)
class Setting:
    """One network and how it is trained."""

    width: int
    batch: int
    epochs: int = 5
    dropout: float = 0.0
    batch_norm: bool = False
    early_stopping: bool = False
    n_layers: int = 2
    activation: str = "relu"
    averaging: str = "none"


def data(n_rows: int = 10_000, n_features: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_features))
    y = (X[:, 0] * X[:, 1] + X[:, 2] + 0.5 * rng.normal(size=n_rows) > 0).astype("int64")
    return X, y


class Module(nn.Module):
    """Hidden layers of one width."""

    def __init__(
        self,
        width: int,
        dropout: float = 0.0,
        batch_norm: bool = False,
        n_features: int = 20,
        n_outputs: int = 2,
        n_layers: int = 2,
    ):
        super().__init__()
        layers: list[nn.Module] = []
        for inner in (n_features, *[width] * (n_layers - 1)):
            layers += [
                nn.Linear(inner, width),
                *([nn.BatchNorm1d(width)] if batch_norm else []),
                nn.ReLU(),
                *([nn.Dropout(dropout)] if dropout else []),
            ]
        self.layers = nn.Sequential(*layers, nn.Linear(width, n_outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class ToFloat32(TransformerMixin, BaseEstimator):
    """skorch wants float32."""

    def fit(self, X: Any, y: Any = None) -> "ToFloat32":
        return self

    def transform(self, X: Any) -> np.ndarray:
        return X.astype("float32")


def skorch_search(s: Setting, n_jobs: int, device: str, n_features: int = 20) -> GridSearchCV:
    net = NeuralNetClassifier(
        Module,
        module__width=s.width,
        module__dropout=s.dropout,
        module__batch_norm=s.batch_norm,
        module__n_layers=s.n_layers,
        module__n_features=n_features,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        max_epochs=s.epochs,
        batch_size=s.batch,
        iterator_train__shuffle=True,
        train_split=ValidSplit(10, stratified=True) if s.early_stopping else None,
        callbacks=[EarlyStopping(patience=10)] if s.early_stopping else None,
        device=device,
        verbose=0,
    )
    grid = {"neuralnetclassifier__lr": LR, "neuralnetclassifier__optimizer__weight_decay": DECAY}
    return GridSearchCV(make_pipeline(StandardScaler(), ToFloat32(), net), grid, cv=5, refit=False, n_jobs=n_jobs)


def mlp_search(s: Setting, n_jobs: int) -> GridSearchCV:
    net = MLPClassifier(
        (s.width, s.width), max_iter=s.epochs, batch_size=s.batch, early_stopping=s.early_stopping, random_state=0
    )
    grid = {"mlpclassifier__learning_rate_init": LR, "mlpclassifier__alpha": [1e-5, 1e-4, 1e-3]}
    return GridSearchCV(make_pipeline(StandardScaler(), net), grid, cv=5, refit=False, n_jobs=n_jobs)


def our_net(s: Setting, device: str = "cpu", precision: str = "float32", Net: Any = sknet_hp.NetClassifier) -> Any:
    return Net(
        num_embedding="none",  # the network that the others train
        activation=s.activation,
        n_layers=s.n_layers,
        width=s.width,
        dropout=s.dropout,
        normalization="batch" if s.batch_norm else "none",
        batch_size=s.batch,
        max_epochs=s.epochs,
        early_stopping=s.early_stopping,
        patience=10,
        weight_averaging=s.averaging,
        random_state=0,
        device=device,
        precision=precision,
    )


def our_search(s: Setting, device: str, lrs: list[float] = LR, cv: int = 5, precision: str = "float32") -> GridSearchCV:
    grid = {"netclassifier__lr": lrs, "netclassifier__weight_decay": DECAY}
    return GridSearchCV(make_pipeline(StandardScaler(), our_net(s, device, precision)), grid, cv=cv, refit=False)


def timed(search: GridSearchCV, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(seconds, best mean test score)."""
    start = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - start, float(search.cv_results_["mean_test_score"].max())


def timed_fused(search: GridSearchCV, X: np.ndarray, y: np.ndarray, n_jobs: int) -> tuple[float, float]:
    with sknet_hp.fused(n_jobs=n_jobs):
        return timed(search, X, y)


def multiplication_limit(s: Setting, n_fits: int, n_rows: int, n_jobs: int, n_features: int = 20) -> float:
    """Seconds that the matrix products of training alone would take, at the best rate
    torch reaches on such shapes, over n_jobs cores.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    seconds = 0.0
    for inner, outer in ((n_features, s.width), *[(s.width, s.width)] * (s.n_layers - 1), (s.width, 2)):
        x, weight, g = torch.randn(8, s.batch, inner), torch.randn(8, outer, inner), torch.randn(8, s.batch, outer)
        products = [
            (x, weight.transpose(1, 2)),
            (g.transpose(1, 2), x),
            *([(g, weight)] if inner != n_features else []),
        ]
        for a, b in products:
            out = torch.bmm(a, b)
            start, n = time.perf_counter(), 0
            while time.perf_counter() - start < 0.05:
                torch.bmm(a, b, out=out)
                n += 8
            seconds += (time.perf_counter() - start) / n
    torch.set_num_threads(threads)
    return seconds * n_fits * s.epochs * (n_rows / s.batch) / n_jobs
