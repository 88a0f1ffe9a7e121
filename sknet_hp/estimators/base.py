"""What both estimators share: the way from a table to a trained network, continuation, prediction."""

import warnings
from dataclasses import replace
from functools import cache
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted
from skorch.history import History
from torch import nn

from sknet_hp.estimators import recipe
from sknet_hp.estimators.net_view import build_net
from sknet_hp.estimators.preprocessing import TableEncoder
from sknet_hp.estimators.skorch_net import Live, write_state
from sknet_hp.fusion.backend import Network
from sknet_hp.fusion.devices import resolve_device
from sknet_hp.fusion.engine import train_job
from sknet_hp.nets import ARCHITECTURES
from sknet_hp.training.job import EpochRecord, Rows, State, Table, TrainingJob, TrainingResult
from sknet_hp.training.prediction import predict

_VALID: set[tuple[type, tuple]] = set()  # parameters that have been validated


class _Data(NamedTuple):
    """What `fit` was given, checked."""

    X: Any
    y: Any
    codes: np.ndarray  # y as class numbers or a matrix of numbers
    sample_weight: np.ndarray | None
    held_out: tuple[Any, Any] | None  # X_val, y_val
    groups: Any


class BaseNet(Network, BaseEstimator):
    """Training of `NetClassifier` and `NetRegressor`."""

    # Without this, a search by groups would ask whether the networks want them too.
    __metadata_request__fit: ClassVar[dict[str, Any]] = {"groups": False}

    structure_: dict[str, Any]  # what must stay as it is while a network is trained on
    state_: State
    history_: list[dict[str, Any]]
    _parameter_constraints: ClassVar[dict[str, list[Any]]]

    # ---- fit -------------------------------------------------------------------------------------------------------

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        held_out: tuple[Any, Any] | None = None,
        groups: Any = None,
        one_epoch: bool = False,
        classes: Any = None,
    ) -> Self:
        self._check_parameters()
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        start = self._start(one_epoch)
        if start is None:
            self._reset()
            random_state = self.random_state
            self.seed_ = int(random_state) if isinstance(random_state, Integral) else int(check_random_state(random_state).randint(2**31 - 1))
        check_consistent_length(X, y, groups)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            if not sample_weight.any():
                raise ValueError("sample_weight is zero for every row; at least one row needs a positive weight to learn from")
        data = _Data(X, y, self._read_target(y, first=start is None, classes=classes), sample_weight, held_out, groups)
        if start is not None and not one_epoch and (start.finished or self.max_epochs == start.epoch):
            return self
        train, validation = (None, None) if one_epoch or held_out is not None else self._split(data)
        if self.lr_schedule == "plateau" and not one_epoch and validation is None and held_out is None:
            raise ValueError(
                "lr_schedule='plateau' follows the loss on rows that are not trained on; set early_stopping=True, or give X_val and y_val to fit"
            )
        max_epochs = self.max_epochs if not one_epoch else 1 if start is None else start.epoch + 1
        self._train(self._job(data, train, validation, start, max_epochs))
        if self.refit_full and validation is not None:
            self._refit(data)
        return self

    def _held_out(self, X_val: Any, y_val: Any) -> tuple[Any, Any] | None:
        """Rows of the caller's own to validate on."""
        if (X_val is None) != (y_val is None):
            raise ValueError(f"X_val and y_val belong together, but {'X_val' if X_val is None else 'y_val'} is missing")
        if X_val is None:
            return None
        if self.refit_full:
            raise ValueError(
                "refit_full=True trains once more on all rows, those held out of X included; with X_val and y_val none are held out of X"
            )
        return X_val, y_val

    def _start(self, one_epoch: bool) -> State | None:
        """Where to go on from, or None."""
        start = self.state_ if hasattr(self, "state_") and (self.warm_start or one_epoch) else None
        if start is not None and not one_epoch and self.max_epochs < start.epoch:
            raise ValueError(
                f"max_epochs={self.max_epochs} is less than the {start.epoch} epochs this network has already been trained for; "
                "with warm_start=True, set max_epochs to the total you want, or set warm_start=False to begin anew"
            )
        if one_epoch and start is not None:  # nothing is held out: nothing stops it, and no earlier epoch is the best
            start = replace(start, finished="", best_parameters=None, best_buffers=None, best_loss=np.inf, best_epoch=0)
        return start

    def _refit(self, data: _Data) -> None:
        """Once more, on all rows, for as many epochs as were best."""
        history, best_epoch = self.history_, self.best_epoch_
        self._reset(keep=("seed_",))
        self._read_target(data.y, first=True, classes=None)
        self._train(self._job(data, None, None, None, best_epoch))
        self.stopping_history_ = history

    def _check_parameters(self) -> None:
        """All parameters, once for each combination: the fits of a search come with the same ones again and again."""
        names = self._get_param_names()
        values = tuple((type(value), value) for value in (getattr(self, name) for name in names))
        try:
            known = (type(self), values) in _VALID
        except TypeError:  # a value that cannot be hashed
            self._validate()
            return
        if not known:
            self._validate()
            if len(_VALID) > 10_000:
                _VALID.clear()
            _VALID.add((type(self), values))

    def _validate(self) -> None:
        self._validate_params()
        recipe.check_together(self)

    def _reset(self, keep: tuple[str, ...] = ()) -> None:
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("__") and name not in keep]:
            delattr(self, name)
        self.__dict__.pop("_net", None)

    def _split(self, data: _Data) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Row numbers for training and for validation; None stands for all, or for none."""
        if not self.early_stopping:
            return None, None
        rows = np.arange(len(data.codes))
        if self.validation_split is not None:
            try:
                train, validation = next(iter(self.validation_split.split(rows[:, None], data.y, data.groups)))
            except StopIteration:
                raise ValueError(f"validation_split={self.validation_split!r} gives no split of these {len(rows)} rows") from None
            if len(train) == 0 or len(validation) == 0:
                raise ValueError(
                    f"validation_split={self.validation_split!r} leaves {len(train)} rows for training and {len(validation)} for validation"
                )
            return np.sort(train), np.sort(validation)
        stratify = self._strata(data.codes)
        seed, share = self.seed_ % 2**32, self.validation_fraction
        try:
            train, validation = train_test_split(rows, test_size=share, random_state=seed, stratify=stratify)
        except ValueError as error:
            if stratify is None:
                raise ValueError(
                    f"early_stopping=True holds out validation_fraction={share} of the rows; {len(rows)} rows are too few for it"
                ) from error
            train, validation = train_test_split(rows, test_size=share, random_state=seed)
        return np.sort(train), np.sort(validation)

    def _tables(self, data: _Data, train: np.ndarray | None, validation: np.ndarray | None, first: bool) -> tuple[Rows, Rows | None]:
        """The rows to train on and to validate on, encoded; what encodes them is learned first, if it is not known."""
        if first:
            learn_from = data.sample_weight
            if validation is not None:  # rows held out teach the encoder nothing, nor do those that a splitter leaves out
                learn_from = np.zeros(len(data.codes))
                assert train is not None
                learn_from[train] = 1 if data.sample_weight is None else data.sample_weight[train]
            self.encoder_ = TableEncoder()
            Z = self.encoder_.fit_transform(data.X, learn_from, estimator=self)
        else:
            Z = self.encoder_.transform(data.X, estimator=self)
        weight = self._training_weight(data.y, data.sample_weight)
        table = Table(Z, self._targets(data.codes, train, data.sample_weight), _float32(weight))
        if data.held_out is None:
            return Rows(table, train), None if validation is None else Rows(table, validation)
        X_val, y_val = data.held_out
        check_consistent_length(X_val, y_val)
        codes = self._read_target(y_val, first=False, classes=None)
        table_val = Table(
            self.encoder_.transform(X_val, estimator=self), self._targets(codes, None, None), _float32(self._training_weight(y_val, None))
        )
        return Rows(table), Rows(table_val)

    def _job(self, data: _Data, train: np.ndarray | None, validation: np.ndarray | None, start: State | None, max_epochs: int) -> TrainingJob:
        rows, valid_rows = self._tables(data, train, validation, first=start is None)
        n_outputs, loss = self._n_outputs(), self._loss()
        structure = recipe.structure(self, rows.table.X.shape[1], n_outputs, loss)
        if start is not None:
            changed = [name for name in structure if name not in recipe.NO_PLACE and structure[name] != self.structure_[name]]
            if changed:
                what = ", ".join(f"{name}={self.structure_[name]!r} has become {structure[name]!r}" for name in changed)
                raise ValueError(f"a network that is trained on must keep its shape and optimizer, but {what}; set warm_start=False to begin anew")
        self.structure_ = structure
        graph = self._graph()
        self.layer_rates_ = recipe.layer_rates(self, graph)
        self.module_arguments_ = recipe.module_arguments(self, structure)
        stopping = recipe.stopping(self) if self.early_stopping else replace(recipe.stopping(self), patience=None, restore_best=False)
        batch_size = recipe.batch_size(self, len(rows))
        return TrainingJob(
            graph=graph,
            n_outputs=n_outputs,
            seed=self.seed_,
            train=rows,
            validation=valid_rows,
            loss=loss,
            optimizer=self.optimizer,
            schedule=recipe.schedule(self),
            decay_mode=None if self.weight_decay_mode == "auto" else self.weight_decay_mode,
            decay_everywhere=False,
            batch_size=batch_size,
            max_epochs=max_epochs,
            schedule_epochs=self.schedule_epochs or self.max_epochs,
            rates=recipe.rates(self, batch_size),
            loss_parameter=recipe.loss_parameter(self, loss),
            label_smoothing=getattr(self, "label_smoothing", 0.0),
            layer_rates=self.layer_rates_,
            init=recipe.initialisation(self),
            stopping=stopping,
            metric=None if self.stopping_metric == "loss" or not self.early_stopping else recipe.ScorerMetric(self.stopping_metric, self.target_),
            start=start,
            device=resolve_device(self.device),
        )

    def _graph(self) -> Any:
        """The graph of the network as it was fitted, whatever parameters have been set since."""
        return recipe.graph(self.structure_)

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
        self.parameters_, self.buffers_ = result.weights(self.restore_best and self.early_stopping)
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

    target_: Any

    def _n_outputs(self) -> int:
        raise NotImplementedError

    def _loss(self) -> str:
        """The name of the loss in `training.losses`."""
        raise NotImplementedError

    def _read_target(self, y: Any, *, first: bool, classes: Any) -> np.ndarray:
        """y checked, as class numbers, an indicator matrix or numbers; what it means is learned from the first."""
        raise NotImplementedError

    def _targets(self, codes: np.ndarray, train: np.ndarray | None, sample_weight: np.ndarray | None) -> np.ndarray:
        """What the network is to give."""
        raise NotImplementedError

    def _training_weight(self, y: Any, sample_weight: np.ndarray | None) -> np.ndarray | None:
        return sample_weight

    def _strata(self, codes: np.ndarray) -> np.ndarray | None:
        return None

    # ---- prediction ------------------------------------------------------------------------------------------------

    def _empty_module(self) -> nn.Module:
        """The module with its own dropout rate, and weights of zero."""
        module = ARCHITECTURES["mlp"](**self.module_arguments_, device="meta").to_empty(device="cpu")
        module.load_state_dict({name: torch.zeros_like(tensor) for name, tensor in module.state_dict().items()})
        return module

    def _outputs(self, X: Any) -> np.ndarray:
        """The network's outputs, (rows, n_outputs) float32."""
        check_is_fitted(self, "parameters_")
        Z = self.encoder_.transform(X, estimator=self)
        return predict(self._graph(), self.parameters_, self.buffers_, self.layer_rates_, Z)

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


def _float32(weight: np.ndarray | None) -> np.ndarray | None:
    return None if weight is None else weight.astype(np.float32)
