"""What both estimators share: fitting, training on, and prediction."""

import warnings
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet

from sknet_hp.estimators.building.checks import check_combinations
from sknet_hp.estimators.building.warm_start import find_starts, is_trained, repeat_best_epochs
from sknet_hp.estimators.encoding.cache import encode_in_parts_cached
from sknet_hp.estimators.importances import NoImportances
from sknet_hp.estimators.job_maker import JobMaker
from sknet_hp.estimators.names import NameHints
from sknet_hp.estimators.skorch_nets.callback_training import TrainingWithCallbacks
from sknet_hp.estimators.skorch_nets.fitted_net import build_fitted_net
from sknet_hp.estimators.targets.held_out import FitData, check_order, split_rows
from sknet_hp.estimators.targets.row_weights import read_sample_weight, scale_weights
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.fusion.interface import count_cores_of_caller, train_jobs
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.prediction import predict
from sknet_hp.training.state import EpochRecord, State, TrainingResult

_PLAIN = (str, int, float, np.generic, type(None))
_VALID: set[tuple[type, tuple]] = set()  # parameters that have been validated
_IS_SHOWN = ContextVar("_IS_SHOWN", default=False)
"""Whether attributes are read to be shown in a notebook."""


class BaseNet(TrainsNetworks, NameHints, JobMaker):
    """Training of `NetClassifier` and `NetRegressor`."""

    # Without this, a search by groups would ask whether the networks want them too.
    __metadata_request__fit: ClassVar[dict[str, Any]] = {"groups": False}

    coef_, feature_importances_ = NoImportances(), NoImportances()

    states_: list[State]
    history_: list[dict[str, Any]]
    _parameter_constraints: ClassVar[dict[str, list[Any]]]
    n_validation_rows_: int

    # ---- fit -------------------------------------------------------------------------------------------------------

    def _fit(
        self,
        X: TableLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        held_out: tuple[TableLike, ArrayLike] | None = None,
        groups: ArrayLike | None = None,
        one_epoch: bool = False,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train the networks, from the beginning or on.

        Parameters
        ----------
        X, y, sample_weight, groups : as in `fit`.
        held_out : `X_val` and `y_val`, or None.
        one_epoch : whether to train one epoch more, as `partial_fit` does.
        classes : all labels that any call will bring, or None.
        """
        self._check_parameters()
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        check_order(X, y)
        starts = find_starts(self, getattr(self, "states_", None), one_epoch)
        if starts is None:
            self._forget_fit()
            self.seed_ = _draw_seed(self.random_state)
        check_consistent_length(X, y, groups)
        weight = read_sample_weight(sample_weight, X)
        codes = self._read_target(y, first=starts is None, classes=classes)
        loss_weight = scale_weights(self._weigh_rows(codes, weight))
        data = FitData(X, y, codes, weight, loss_weight, held_out, groups, self._choose_strata(codes))
        if starts is not None and not one_epoch and is_trained(starts, self.max_epochs):
            return self
        train, validation = self._hold_out_rows(data, one_epoch)
        max_epochs = self.max_epochs if not one_epoch else 1 if starts is None else starts[0].epoch + 1
        self._train(self._make_jobs(data, train, validation, starts, max_epochs))
        if self.refit_full and validation is not None:
            self._refit(data, self.states_)
        return self

    def _check_held_out(self, X_val: TableLike | None, y_val: ArrayLike | None) -> tuple[TableLike, ArrayLike] | None:
        """Return the caller's own rows to validate on, or None; refuse half of them."""
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

    def _check_parameters(self) -> None:
        """Check all parameters, once for each combination of values.

        The fits of a search come with the same ones again and again.
        """
        names = self._get_param_names()
        values = tuple((type(value), value) for value in (getattr(self, name) for name in names))
        if not all(issubclass(kind, _PLAIN) for kind, _ in values):  # estimators, say, which would be kept alive
            self._check_each_parameter()
        elif (type(self), values) not in _VALID:
            self._check_each_parameter()
            if len(_VALID) > 10_000:
                _VALID.clear()
            _VALID.add((type(self), values))

    def _check_each_parameter(self) -> None:
        self._validate_params()
        check_combinations(self)

    def _forget_fit(self, keep: tuple[str, ...] = ()) -> None:
        """Delete the attributes that an earlier fit has left, but for those to keep."""
        for name in [
            name for name in vars(self) if name.endswith("_") and not name.startswith("__") and name not in keep
        ]:
            delattr(self, name)
        self.__dict__.pop("_net", None)

    def _hold_out_rows(self, data: FitData, one_epoch: bool) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return the numbers of the rows to train on and to validate on.

        None stands for all rows of the one, and for none of the other.
        """
        if one_epoch or data.held_out is not None:
            train, validation = data.weighted_rows, None
        else:
            train, validation = split_rows(self, self.seed_, data)
        if self.lr_schedule == "plateau" and not one_epoch and validation is None and data.held_out is None:
            raise ValueError(
                "lr_schedule='plateau' follows the loss on rows that are not trained on; set early_stopping=True, or "
                "give X_val and y_val to fit"
            )
        return train, validation

    def _refit(self, data: FitData, found: list[State]) -> None:
        """Train once more, on all rows, as `found` by a training that held rows out.

        Each member trains for as many epochs as were best for it, and at the learning
        rates it had in them.
        """
        history, n_validation_rows = self.history_, self.n_validation_rows_
        self._forget_fit(keep=("seed_", "balanced_weight_"))
        self._read_target(data.y, first=True, classes=None)
        jobs = self._make_jobs(data, data.weighted_rows, None, None, self.max_epochs)
        self._train([repeat_best_epochs(job, state) for job, state in zip(jobs, found, strict=True)], refit=True)
        self.stopping_history_ = history
        self.n_validation_rows_ = n_validation_rows

    # ---- training --------------------------------------------------------------------------------------------------

    def _train(self, jobs: list[TrainingJob], refit: bool = False) -> None:
        """Train the members and keep the results; callbacks observe the first."""
        earlier = self.__dict__.pop("_net", None)
        if not (self.callbacks or self.verbose):
            self._keep_results(train_jobs(jobs), jobs)
            return
        with use_float32_on_cpu():
            training = TrainingWithCallbacks(self, earlier, jobs, refit)
            self.__dict__["_net"] = training.net
            self._keep_results(train_jobs(training.begin()), jobs)
            trained = replace(self.state_, parameters=self.parameters_[0], buffers=self.buffers_[0])
            self.parameters_[0], self.buffers_[0] = training.end(trained)

    @property
    def net_(self) -> NeuralNet:
        """A skorch net with the weights that `predict` uses, and the history.

        The weights are those of the first member. It is made when first asked for.
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

    def _keep_results(self, results: list[TrainingResult], jobs: list[TrainingJob]) -> None:
        """Set the fitted attributes that follow; raise what a training ended with."""
        first = results[0]
        earlier = self.history_ if jobs[0].first_epoch else []
        self.history_ = [*earlier, *map(_make_history_row, first.history)]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        # What has ended in an error may go on when its cause is gone.
        self.states_ = [
            result.state if result.error is None else replace(result.state, finished="") for result in results
        ]
        self.n_iter_ = max(state.epoch for state in self.states_)
        self.n_encoded_features_ = jobs[0].train.table.X.n_features
        self.n_validation_rows_ = 0 if jobs[0].validation is None else len(jobs[0].validation)
        best = self.state_.best_epoch if self.early_stopping else 0
        self.best_epoch_ = best or max((r["epoch"] for r in self.history_ if np.isfinite(r["train_loss"])), default=0)
        weights = [result.get_weights(self.restore_best and self.early_stopping) for result in results]
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

    # ---- prediction ------------------------------------------------------------------------------------------------

    def _compute_outputs(self, X: TableLike) -> list[np.ndarray]:
        """Return the members' outputs, each (rows, n_outputs) float32."""
        check_is_fitted(self, "parameters_")
        what = {name: self.structure_[name] for name in ("loss", "n_outputs", "precision")}
        members = list(zip(self._make_architectures(), self.parameters_, self.buffers_, strict=True))
        cores = count_cores_of_caller()
        parts = [
            [
                predict(member.graph, parameters, buffers, member.rates, Z, cores=cores, **what)
                for member, parameters, buffers in members
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

    def __dir__(self) -> list[str]:
        # scikit-learn's looks at each attribute, and `net_` would be made, for which torch imports its compiler.
        has_net = "parameters_" in self.__dict__ and not (_IS_SHOWN.get() and "_net" not in self.__dict__)
        return [name for name in object.__dir__(self) if (has_net if name == "net_" else hasattr(self, name))]

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        # For the display in notebooks, which has the attributes that `dir` lists.
        token = _IS_SHOWN.set(True)
        try:
            return super()._get_fitted_attr_html(doc_link)
        finally:
            _IS_SHOWN.reset(token)

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


def _draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return `random_state` if it is a whole number, else one that it draws."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _make_history_row(record: EpochRecord) -> dict[str, Any]:
    return {name: value for name, value in record._asdict().items() if value is not None}
