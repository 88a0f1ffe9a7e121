"""What both estimators share: parameters, the way from a table to a trained network, continuation, prediction."""

import warnings
from dataclasses import replace
from functools import cache, lru_cache
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted
from skorch.history import History
from torch import nn

from sknet_hp.estimators.net_view import build_net
from sknet_hp.estimators.preprocessing import TableEncoder
from sknet_hp.estimators.skorch_net import Live, write_state
from sknet_hp.fusion.backend import Network
from sknet_hp.fusion.devices import resolve_device
from sknet_hp.fusion.engine import train_job
from sknet_hp.nets import ARCHITECTURES
from sknet_hp.nets.graph import Graph, trace
from sknet_hp.nets.mlp import ACTIVATIONS, NORMALIZATIONS
from sknet_hp.training.job import EpochRecord, Rates, Rows, State, Stopping, Table, TrainingJob, TrainingResult
from sknet_hp.training.optimizers import OPTIMIZERS
from sknet_hp.training.prediction import predict
from sknet_hp.training.schedules import SCHEDULES


def _options(names: Any) -> list[Any]:
    return [StrOptions(set(names)), *([None] if "none" in names else [])]


@lru_cache(maxsize=256)
def _graph(architecture: str, parameters: tuple[tuple[str, Any], ...]) -> tuple[Graph, int]:
    """The graph of an architecture, and how many dropout layers it has."""
    graph, rates = trace(ARCHITECTURES[architecture](**dict(parameters), device="meta"))
    return graph, len(rates)


_VALID: set[tuple[type, tuple]] = set()  # parameters that have been validated


class BaseNet(Network, BaseEstimator):
    """Parameters and training of `NetClassifier` and `NetRegressor`."""

    _loss: ClassVar[str]
    structure_: dict[str, Any]  # what must stay as it is while a network is trained on
    state_: State
    history_: list[dict[str, Any]]

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_layers": [Interval(Integral, 0, None, closed="left")],
        "width": [Interval(Integral, 1, None, closed="left")],
        "activation": _options(ACTIVATIONS),
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "normalization": _options(NORMALIZATIONS),
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [StrOptions(set(SCHEDULES))],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "beta1": [Interval(Real, 0, 1, closed="left")],
        "beta2": [Interval(Real, 0, 1, closed="left")],
        "eps": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "schedule_epochs": [None, Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "restore_best": ["boolean"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "device": [str],
        "callbacks": [list, None],
        "verbose": ["verbose"],
    }

    # ---- fit -------------------------------------------------------------------------------------------------------

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, one_epoch: bool = False, classes: Any = None) -> Self:
        self._check_parameters()
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        start = self.state_ if hasattr(self, "state_") and (self.warm_start or one_epoch) else None
        if start is not None and not one_epoch and self.max_epochs < start.epoch:
            raise ValueError(
                f"max_epochs={self.max_epochs} is less than the {start.epoch} epochs this network has already been trained for; "
                "with warm_start=True, set max_epochs to the total you want, or set warm_start=False to begin anew"
            )
        if one_epoch and start is not None:  # nothing is held out: nothing stops it, and no earlier epoch is the best
            start = replace(start, finished="", best_parameters=None, best_buffers=None, best_loss=np.inf, best_epoch=0)
        if start is None:
            self._reset()
            random_state = self.random_state
            self.seed_ = int(random_state) if isinstance(random_state, Integral) else int(check_random_state(random_state).randint(2**31 - 1))
        check_consistent_length(X, y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            if not sample_weight.any():
                raise ValueError("sample_weight is zero for every row; at least one row needs a positive weight to learn from")
        codes = self._encode_target(y, sample_weight, first=start is None, classes=classes)
        if start is not None and not one_epoch and (start.finished or self.max_epochs == start.epoch):
            return self
        weight = self._training_weight(y, sample_weight)
        train, validation = self._split(codes, one_epoch)
        if start is None:
            learn_from = sample_weight
            if validation is not None:  # rows held out teach the encoder nothing
                learn_from = np.ones(len(codes)) if sample_weight is None else sample_weight.copy()
                learn_from[validation] = 0
            self.encoder_ = TableEncoder()
            Z = self.encoder_.fit_transform(X, learn_from, estimator=self)
        else:
            Z = self.encoder_.transform(X, estimator=self)
        table = Table(Z, self._targets(codes, train, sample_weight), None if weight is None else weight.astype(np.float32))
        self._train(self._job(table, train, validation, start, one_epoch))
        return self

    def _check_parameters(self) -> None:
        """`_validate_params`, once for each combination: the fits of a search come with the same ones again and again."""
        names = self._get_param_names()
        values = tuple((type(value), value) for value in (getattr(self, name) for name in names))
        try:
            known = (type(self), values) in _VALID
        except TypeError:  # a value that cannot be hashed
            self._validate_params()
            return
        if not known:
            self._validate_params()
            if len(_VALID) > 10_000:
                _VALID.clear()
            _VALID.add((type(self), values))

    def _reset(self) -> None:
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("__")]:
            delattr(self, name)
        self.__dict__.pop("_net", None)

    def _split(self, codes: np.ndarray, one_epoch: bool) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Row numbers for training and for validation; None stands for all, or for none."""
        if not self.early_stopping or one_epoch:
            return None, None
        rows = np.arange(len(codes))
        stratify = self._strata(codes)
        try:
            train, validation = train_test_split(rows, test_size=self.validation_fraction, random_state=self.seed_ % 2**32, stratify=stratify)
        except ValueError as error:
            if stratify is None:
                raise ValueError(
                    f"early_stopping=True holds out validation_fraction={self.validation_fraction} of the rows; {len(rows)} rows are too few for it"
                ) from error
            train, validation = train_test_split(rows, test_size=self.validation_fraction, random_state=self.seed_ % 2**32)
        return np.sort(train), np.sort(validation)

    def _job(self, table: Table, train: np.ndarray | None, validation: np.ndarray | None, start: State | None, one_epoch: bool) -> TrainingJob:
        n_rows = len(table.X) if train is None else len(train)
        n_outputs = self._n_outputs()
        structure = dict(self._module_parameters(table.X.shape[1], n_outputs)) | {"optimizer": self.optimizer}
        if start is not None:
            # Another dropout changes no weight's place.
            changed = [name for name in structure if name != "dropout" and structure[name] != self.structure_[name]]
            if changed:
                what = ", ".join(f"{name}={self.structure_[name]!r} has become {structure[name]!r}" for name in changed)
                raise ValueError(f"a network that is trained on must keep its shape and optimizer, but {what}; set warm_start=False to begin anew")
        self.structure_ = structure
        graph, n_dropouts = self._graph()
        return TrainingJob(
            graph=graph,
            n_outputs=n_outputs,
            seed=self.seed_,
            train=Rows(table, train),
            validation=None if validation is None else Rows(table, validation),
            loss=self._loss,
            optimizer=self.optimizer,
            schedule=self.lr_schedule,
            batch_size=self._batch_size(n_rows),
            max_epochs=start.epoch + 1 if one_epoch and start is not None else 1 if one_epoch else self.max_epochs,
            schedule_epochs=self.schedule_epochs or self.max_epochs,
            rates=Rates(self.lr, self.weight_decay, self.momentum, self.beta1, self.beta2, self.eps),
            label_smoothing=getattr(self, "label_smoothing", 0.0),
            layer_rates=(float(self.dropout),) * n_dropouts,
            stopping=Stopping(self.patience, restore_best=self.restore_best),
            start=start,
            device=resolve_device(self.device),
        )

    def _graph(self) -> tuple[Graph, int]:
        """The graph of the network as it was fitted, whatever parameters have been set since, and how many dropout layers it has."""
        return _graph("mlp", tuple((name, value) for name, value in self.structure_.items() if name != "optimizer"))

    def _module_parameters(self, n_features: int, n_outputs: int) -> tuple[tuple[str, Any], ...]:
        return (
            ("n_features", n_features),
            ("n_outputs", n_outputs),
            ("n_layers", int(self.n_layers)),
            ("width", int(self.width)),
            ("activation", self.activation or "none"),
            ("dropout", 0.5 if self.dropout > 0 else 0.0),  # the rate itself is no part of the structure
            ("normalization", self.normalization or "none"),
        )

    def _batch_size(self, n_rows: int) -> int:
        if self.batch_size != "auto":
            return int(self.batch_size)
        return int(min(256, max(16, 2 ** int(np.log2(max(n_rows, 1) / 32)) if n_rows >= 32 else 16)))

    def _train(self, job: TrainingJob) -> None:
        if not self.callbacks and not self.verbose:
            self._absorb(train_job(job), job)
            return
        # Somebody looks on: the skorch net is made before, and its callbacks are told of each epoch.
        net = self.__dict__.pop("_net", None) if job.start is not None else None
        self.__dict__["_net"] = net = net or build_net(self, job)
        net.notify("on_train_begin", X=job.train.table.X, y=job.train.table.y)
        self._absorb(train_job(replace(job, observer=Live(net, job))), job)
        self._finish_net(net)
        net.notify("on_train_end", X=job.train.table.X, y=job.train.table.y)

    def _finish_net(self, net: Any) -> None:
        """Give a net the weights that predict uses."""
        write_state(net, replace(self.state_, parameters=self.parameters_, buffers=self.buffers_))
        net.module_.eval()

    @property
    def net_(self) -> Any:
        """A skorch net with the weights that `predict` uses, and the history of the training. Made when it is first asked for."""
        check_is_fitted(self, "parameters_")
        net = self.__dict__.get("_net")
        if net is None:
            net = build_net(self, None)
            net.history = History(self.history_)
            self._finish_net(net)
            self.__dict__["_net"] = net
        return net

    def _absorb(self, result: TrainingResult, job: TrainingJob) -> None:
        """Take over what training gave."""
        state = result.state
        earlier = self.history_ if job.start is not None else []
        self.history_ = [*earlier, *map(self._history_row, result.history)]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.state_ = state
        self.n_iter_ = state.epoch
        self.n_encoded_features_ = job.train.table.X.shape[1]
        self.best_epoch_ = state.best_epoch or max((r["epoch"] for r in self.history_ if np.isfinite(r["train_loss"])), default=0)
        self.parameters_, self.buffers_ = result.weights(self.restore_best)
        if result.error is not None:
            raise result.error
        if state.finished == "diverged":
            warnings.warn(
                f"training diverged in epoch {state.epoch}: loss or weights are no longer finite (lr={self.lr}, optimizer={self.optimizer!r}); "
                "the weights from before that epoch are kept. A lower lr usually helps.",
                ConvergenceWarning,
                stacklevel=4,
            )

    @staticmethod
    def _history_row(record: EpochRecord) -> dict[str, Any]:
        return {name: value for name, value in record._asdict().items() if value is not None}

    # ---- what classifier and regressor say -------------------------------------------------------------------------

    def _n_outputs(self) -> int:
        raise NotImplementedError

    def _encode_target(self, y: Any, sample_weight: np.ndarray | None, *, first: bool, classes: Any) -> np.ndarray:
        """y checked, as class numbers or as floats."""
        raise NotImplementedError

    def _targets(self, codes: np.ndarray, train: np.ndarray | None, sample_weight: np.ndarray | None) -> np.ndarray:
        """What the network is to give: class numbers, or standardised values."""
        raise NotImplementedError

    def _training_weight(self, y: Any, sample_weight: np.ndarray | None) -> np.ndarray | None:
        return sample_weight

    def _strata(self, codes: np.ndarray) -> np.ndarray | None:
        return None

    # ---- prediction ------------------------------------------------------------------------------------------------

    def _empty_module(self) -> nn.Module:
        """The module with its own dropout rate, and weights of zero."""
        parameters = {name: value for name, value in self.structure_.items() if name != "optimizer"} | {"dropout": float(self.dropout)}
        module = ARCHITECTURES["mlp"](**parameters, device="meta").to_empty(device="cpu")
        module.load_state_dict({name: torch.zeros_like(tensor) for name, tensor in module.state_dict().items()})
        return module

    def _outputs(self, X: Any) -> np.ndarray:
        """The network's outputs, (rows, n_outputs) float32."""
        check_is_fitted(self, "parameters_")
        Z = self.encoder_.transform(X, estimator=self)
        return predict(self._graph()[0], self.parameters_, self.buffers_, Z)

    # ---- scikit-learn ----------------------------------------------------------------------------------------------

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        # A search asks eight times a fit, and so many parameters take scikit-learn a tenth of a millisecond to read off the signature.
        return super()._get_param_names()

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if not self.callbacks and not self.verbose:  # then it can be made again
            state.pop("_net", None)
        return state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags
