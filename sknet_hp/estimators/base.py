"""What both estimators share: the way from a table to a trained network, continuation,
prediction.
"""

import warnings
from copy import deepcopy
from dataclasses import replace
from functools import cache
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from torch import nn

from sknet_hp.estimators.building import architecture, settings
from sknet_hp.estimators.building.transfer import by_role, lr_factors, source_of, start_from
from sknet_hp.estimators.building.warm_start import again, starts_of
from sknet_hp.estimators.encoding.cache import encode_cached, encode_in_parts_cached, learn_cached
from sknet_hp.estimators.importances import NoImportances
from sknet_hp.estimators.names import NameHints
from sknet_hp.estimators.skorch_nets.callback_training import train_with_callbacks
from sknet_hp.estimators.skorch_nets.fitted_net import build_fitted_net
from sknet_hp.estimators.targets.held_out import Data, naming, split_rows
from sknet_hp.estimators.targets.row_weights import counting, shares
from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.fusion.devices import resolve_device
from sknet_hp.fusion.entry import count_cores_of_caller, train_jobs, trains_on_cluster
from sknet_hp.nets.random_bits import MEMBER, mix_keys
from sknet_hp.training.job import EncodedTable, EpochRecord, Rows, State, TrainingJob, TrainingResult
from sknet_hp.training.prediction import predict
from sknet_hp.training.rules.torch_loss import TorchLoss
from sknet_hp.training.start import make_initial_tensors, make_state

_PLAIN = (str, int, float, np.generic, type(None))
_VALID: set[tuple[type, tuple]] = set()  # parameters that have been validated


class BaseNet(TrainsNetworks, NameHints, BaseEstimator):
    """Training of `NetClassifier` and `NetRegressor`."""

    # Without this, a search by groups would ask whether the networks want them too.
    __metadata_request__fit: ClassVar[dict[str, Any]] = {"groups": False}

    coef_, feature_importances_ = NoImportances(), NoImportances()

    structure_: dict[str, Any]  # what must stay as it is while a network is trained on
    states_: list[State]
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
        starts = starts_of(self, one_epoch)
        first = starts is None
        if first:
            self._reset()
            random_state = self.random_state
            self.seed_ = (
                int(random_state)
                if isinstance(random_state, Integral)
                else int(check_random_state(random_state).randint(2**31 - 1))
            )
        check_consistent_length(X, y, groups)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            if not sample_weight.any():
                raise ValueError(
                    "sample_weight is zero for every row; at least one row needs a positive weight to learn from"
                )
            sample_weight = sample_weight / sample_weight.max()  # only ratios matter, and sums can not overflow
        codes = self._read_target(y, first=first, classes=classes)
        data = Data(X, y, codes, sample_weight, shares(self._training_weight(codes, sample_weight)), held_out, groups)
        if (
            starts is not None
            and not one_epoch
            and all(start.finished or self.max_epochs == start.epoch for start in starts)
        ):
            return self
        train, validation = (data.counting, None) if one_epoch or held_out is not None else split_rows(self, data)
        if self.lr_schedule == "plateau" and not one_epoch and validation is None and held_out is None:
            raise ValueError(
                "lr_schedule='plateau' follows the loss on rows that are not trained on; set early_stopping=True, or "
                "give X_val and y_val to fit"
            )
        max_epochs = self.max_epochs if not one_epoch else 1 if starts is None else starts[0].epoch + 1
        self._train(self._jobs(data, train, validation, starts, max_epochs))
        if self.refit_full and validation is not None:
            self._refit(data, self.states_)
        return self

    def _held_out(self, X_val: Any, y_val: Any) -> tuple[Any, Any] | None:
        """Rows of the caller's own to validate on."""
        if (X_val is None) != (y_val is None):
            raise ValueError(f"X_val and y_val belong together, but {'X_val' if X_val is None else 'y_val'} is missing")
        if X_val is None:
            return None
        if self.refit_full:
            raise ValueError(
                "refit_full=True trains once more on all rows, those held out of X included; with X_val and y_val "
                "none are held out of X"
            )
        return X_val, y_val

    def _refit(self, data: Data, found: list[State]) -> None:
        """Once more, on all rows, each member for as many epochs as were best for it
        and at the learning rates it had in them.
        """
        history = self.history_
        self._reset(keep=("seed_", "balanced_weight_"))
        self._read_target(data.y, first=True, classes=None)
        jobs = self._jobs(data, data.counting, None, None, self.max_epochs)
        self._train([again(job, state) for job, state in zip(jobs, found, strict=True)], refit=True)
        self.stopping_history_ = history

    def _check_parameters(self) -> None:
        """All parameters, once for each combination: the fits of a search come with the
        same ones again and again.
        """
        names = self._get_param_names()
        values = tuple((type(value), value) for value in (getattr(self, name) for name in names))
        if not all(issubclass(kind, _PLAIN) for kind, _ in values):  # estimators, say, which would be kept alive
            self._validate()
        elif (type(self), values) not in _VALID:
            self._validate()
            if len(_VALID) > 10_000:
                _VALID.clear()
            _VALID.add((type(self), values))

    def _validate(self) -> None:
        self._validate_params()
        architecture.check_architecture(self)
        settings.check_together(self)

    def _reset(self, keep: tuple[str, ...] = ()) -> None:
        for name in [
            name for name in vars(self) if name.endswith("_") and not name.startswith("__") and name not in keep
        ]:
            delattr(self, name)
        self.__dict__.pop("_net", None)

    def _tables(
        self, data: Data, train: np.ndarray | None, validation: np.ndarray | None, first: bool, source: Any
    ) -> tuple[Rows, Rows | None, settings.ScorerMetric | None]:
        """The rows to train on and to validate on, encoded, and what scores the latter;
        what encodes them is learned first, if it is not known.
        """
        if source is not None:  # weights mean something only of inputs that are encoded alike
            self.encoder_ = deepcopy(source.encoder_)
            try:
                Z = encode_cached(self.encoder_, data.X, source)
            except ValueError as error:
                raise ValueError(
                    f"init_from keeps its encoding, for tables of the same columns in the same order, which X does "
                    f"not fit: {error}"
                ) from error
            validate_data(self, data.X, reset=True, skip_check_array=True)
        elif first:
            learn_from = data.sample_weight
            if train is not None:  # rows held out teach the encoder nothing, nor do those that a splitter leaves out
                learn_from = np.zeros(len(data.codes))
                learn_from[train] = 1 if data.sample_weight is None else data.sample_weight[train]
            self.encoder_, Z = learn_cached(architecture.encoder(self), data.X, learn_from, self)
        else:
            Z = encode_cached(self.encoder_, data.X, self)
        table = EncodedTable(Z, self._targets(data.codes, train, data.sample_weight), data.weight)
        if data.held_out is None:
            if validation is None:
                return Rows(table, train), None, None
            weight = None if data.sample_weight is None else data.sample_weight[validation]
            return Rows(table, train), Rows(table, validation), settings.scorer(self, data.codes[validation], weight)
        X_val, y_val = data.held_out
        with naming("X_val, y_val"):
            check_consistent_length(X_val, y_val)
            codes = self._read_target(y_val, first=False, classes=None)
            weight = shares(self._training_weight(codes, None))
            table_val = EncodedTable(
                encode_cached(self.encoder_, X_val, self), self._targets(codes, None, None), weight
            )
        which = counting(weight)
        return (
            Rows(table, train),
            Rows(table_val, which),
            settings.scorer(self, codes if which is None else codes[which], None),
        )

    def _jobs(
        self,
        data: Data,
        train: np.ndarray | None,
        validation: np.ndarray | None,
        starts: list[State] | None,
        max_epochs: int,
    ) -> list[TrainingJob]:
        """One job for each member."""
        source = source_of(self) if starts is None else None
        rows, valid_rows, metric = self._tables(data, train, validation, starts is None, source)
        if self.mixup_alpha > 0 and self.encoder_.n_codes:
            raise ValueError(
                f"mixup_alpha={self.mixup_alpha!r} mixes rows, which categories with learned vectors can not be; set "
                f"cat_embedding_dim=0, or max_one_hot above the number of categories"
            )
        n_outputs, loss = self._n_outputs(), self._loss()
        structure = architecture.structure(self, self.encoder_, rows.table.X.n_features, n_outputs, loss)
        if starts is not None:
            self._check_unchanged(structure)
        self.structure_ = structure
        self.layer_numbers_ = architecture.numbers(self)
        networks = self._networks()
        if starts is None and isinstance(networks[0].graph, nn.Module):
            architecture.check_buffers(structure, networks[0].graph)
        graph, device = networks[0].graph, resolve_device(self.device, elsewhere=trains_on_cluster())
        batch_size = settings.batch_size(self, len(rows), graph)
        job = TrainingJob(
            graph=graph,
            n_outputs=n_outputs,
            seed=self.seed_,
            train=rows,
            validation=valid_rows,
            loss=loss,
            optimizer=self.optimizer,
            schedule=settings.schedule(self),
            decay_mode=None if self.weight_decay_mode == "auto" else self.weight_decay_mode,
            decay_everywhere=False,
            decay_factors=by_role(self, graph),
            lr_factors=lr_factors(self, graph),
            lr_factors_until=None if self.unfreeze_epoch is None else self.unfreeze_epoch - 1,
            lr_factors_after=by_role(self, graph),
            decay_schedule=settings.beside(self, "weight_decay"),
            dropout_schedule=settings.beside(self, "dropout"),
            averaging=settings.averaging(self),
            batch_size=batch_size,
            max_epochs=max_epochs,
            schedule_epochs=self.schedule_epochs or self.max_epochs,
            rates=settings.rates(self, min(batch_size, len(rows))),
            loss_parameter=settings.loss_parameter(self, loss),
            label_smoothing=getattr(self, "label_smoothing", 0.0),
            input_noise=float(self.input_noise),
            mixup_alpha=float(self.mixup_alpha),
            layer_rates=networks[0].rates,
            init=architecture.initialisation(self),
            stopping=settings.stopping(self),
            metric=metric,
            judged_by=settings.judged_by(self, loss, data.held_out is not None),
            device=device,
            precision=settings.precision(self, graph, device, loss, n_outputs),
        )
        others = [
            replace(job, seed=seed, graph=network.graph)
            for seed, network in zip(self._seeds()[1:], networks[1:], strict=True)
        ]
        jobs = [job, *others]
        if starts is not None:
            return [
                replace(job, start=start, graph=architecture.counted(job.graph, start.step))
                for job, start in zip(jobs, starts, strict=True)
            ]
        own = [None if network.module is None else architecture.tensors(network.module) for network in networks]
        if source is not None:
            return [
                replace(job, start=start_from(self, source, job, given or make_initial_tensors(job)))
                for job, given in zip(jobs, own, strict=True)
            ]
        return [
            job if given is None else replace(job, start=make_state(job, given))
            for job, given in zip(jobs, own, strict=True)
        ]

    def _seeds(self) -> list[int]:
        """Of the members: the first has the seed that it would have alone."""
        count = len(self.parameters_) if hasattr(self, "parameters_") else self.n_members
        return [self.seed_, *(int(key) & 0x7FFFFFFF for key in mix_keys(self.seed_, MEMBER, np.arange(1, count)))]

    def _networks(self) -> list[architecture.Network]:
        """The members' networks as they were fitted, whatever parameters have been set
        since.
        """
        return [architecture.network(self.structure_, self.layer_numbers_, seed) for seed in self._seeds()]

    def _check_unchanged(self, structure: dict[str, Any]) -> None:
        before, after = architecture.lasting(self.structure_), architecture.lasting(structure)
        changed = (
            [name for name in after if after[name] != before.get(name, after[name])]
            if before["module"] == after["module"]
            else ["module"]
        )
        if changed:
            what = ", ".join(f"{name}={before[name]!r} has become {after[name]!r}" for name in changed)
            raise ValueError(
                f"a network that is trained on must keep its shape, encoding and optimizer, but {what}; set "
                f"warm_start=False to begin anew"
            )

    def _train(self, jobs: list[TrainingJob], refit: bool = False) -> None:
        """Train the members; callbacks look on at the first one."""
        if self.callbacks or self.verbose:
            train_with_callbacks(self, jobs, refit)
            return
        self.__dict__.pop("_net", None)
        self._absorb(train_jobs(jobs), jobs)

    @property
    def net_(self) -> Any:
        """A skorch net with the weights that `predict` uses (those of the first
        member), and the history of its training. Made when it is first asked for.
        """
        check_is_fitted(self, "parameters_")
        net = self.__dict__.get("_net")
        if net is None:
            self.__dict__["_net"] = net = build_fitted_net(self)
        return net

    @property
    def state_(self) -> State:
        """Where the training of the first member stands."""
        check_is_fitted(self, "states_")
        return self.states_[0]

    def _absorb(self, results: list[TrainingResult], jobs: list[TrainingJob]) -> None:
        """Take over what training gave."""
        first = results[0]
        earlier = self.history_ if jobs[0].first_epoch else []
        self.history_ = [*earlier, *map(self._history_row, first.history)]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        # What has ended in an error may go on when its cause is gone.
        self.states_ = [
            result.state if result.error is None else replace(result.state, finished="") for result in results
        ]
        self.n_iter_ = max(state.epoch for state in self.states_)
        self.n_encoded_features_ = jobs[0].train.table.X.n_features
        best = self.state_.best_epoch if self.early_stopping else 0
        self.best_epoch_ = best or max((r["epoch"] for r in self.history_ if np.isfinite(r["train_loss"])), default=0)
        weights = [result.weights(self.restore_best and self.early_stopping) for result in results]
        self.parameters_, self.buffers_ = np.stack([p for p, _ in weights]), np.stack([b for _, b in weights])
        for result in results:
            if result.error is not None:
                raise result.error
        diverged = [state.epoch for state in self.states_ if state.finished == "diverged"]
        if diverged:
            warnings.warn(
                f"training diverged in epoch {diverged[0]}: loss or weights are no longer finite (lr={self.lr}, "
                f"optimizer={self.optimizer!r}); the weights from before that epoch are kept. A lower lr usually "
                f"helps.",
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

    def _loss(self) -> str | TorchLoss:
        """The loss: the name of one in `training.losses`, or the user's own."""
        raise NotImplementedError

    def _read_target(self, y: Any, *, first: bool, classes: Any) -> np.ndarray:
        """y checked, as class numbers, an indicator matrix or numbers; what it means is
        learned from the first.
        """
        raise NotImplementedError

    def _targets(self, codes: np.ndarray, train: np.ndarray | None, sample_weight: np.ndarray | None) -> np.ndarray:
        """What the network is to give."""
        raise NotImplementedError

    def _training_weight(self, codes: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        """(n_rows,) what rows count for in the loss, or None if all the same."""
        return sample_weight

    def _strata(self, codes: np.ndarray) -> np.ndarray | None:
        return None

    # ---- prediction ------------------------------------------------------------------------------------------------

    def _empty_module(self) -> nn.Module:
        """The module with its own dropout rates, and no weights yet."""
        return architecture.empty(self.structure_, self.layer_numbers_, self.seed_)

    def _outputs(self, X: Any) -> list[np.ndarray]:
        """The members' outputs, each (rows, n_outputs) float32."""
        check_is_fitted(self, "parameters_")
        what = {name: self.structure_[name] for name in ("loss", "n_outputs", "precision")}
        members = list(zip(self._networks(), self.parameters_, self.buffers_, strict=True))
        cores = count_cores_of_caller()
        parts = [
            [
                predict(network.graph, parameters, buffers, network.rates, Z, cores=cores, **what)
                for network, parameters, buffers in members
            ]
            for Z in encode_in_parts_cached(self.encoder_, X, self)
        ]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    # ---- scikit-learn ----------------------------------------------------------------------------------------------

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        # A search asks eight times a fit, and so many parameters take scikit-learn a tenth of a millisecond
        # to read off the signature.
        return super()._get_param_names()

    def __sklearn_clone__(self) -> Self:
        # A clone of what to start from would know nothing.
        cloned = super().__sklearn_clone__()
        cloned.init_from = self.init_from
        return cloned

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if not self.callbacks:  # then it can be made again
            state.pop("_net", None)
        return state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags
