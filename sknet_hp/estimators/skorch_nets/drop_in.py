"""Nets of skorch that train in compiled loops, and on CUDA in stacks."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Self

import numpy as np
import skorch
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from sknet_hp.estimators.skorch_nets.callback_observer import CallbackObserver, report_epoch
from sknet_hp.estimators.skorch_nets.net_state import NetState
from sknet_hp.estimators.skorch_nets.net_to_job import make_job
from sknet_hp.estimators.skorch_nets.supported_nets import check_loop, is_only_reporting
from sknet_hp.estimators.skorch_nets.torch_optim import UnsupportedNetError
from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.fusion.interface import train_job
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.random_bits import mix_keys
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.rules.torch_twin import Placeholder
from sknet_hp.training.state import TrainingResult


class FusedFitLoop(TrainsNetworks):
    """Gives a skorch net a fit loop that trains in the engine, and a `random_state`."""

    def __init__(self, module: Any, *args: Any, random_state: Any = None, **kwargs: Any):
        super().__init__(module, *args, **kwargs)  # type: ignore[call-arg]
        self.random_state = random_state

    @contextmanager
    def _seed_torch(self, done: int = 0) -> Iterator[None]:
        """Seed torch's generator for a block, by how many epochs are `done`."""
        if self.random_state is None:
            yield
            return
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with OwnGenerator(int(mix_keys(seed, done)) & 0x7FFFFFFF if done else seed):
            yield

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit as skorch does.

        For a table of float32 the module is made of float32 too, whatever torch's
        default is.
        """
        _check_optimizer(self)  # before the weights are drawn anew
        with _use_defaults_for(X):
            return super().fit(X, y, **fit_params)  # type: ignore[misc]

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any) -> Self:
        """Fit on as skorch does, with a module as `fit` makes it."""
        with _use_defaults_for(X):
            return super().partial_fit(X, y, classes, **fit_params)  # type: ignore[misc]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict as skorch does, in float32 for a table of float32."""
        with _use_defaults_for(X):
            return super().predict_proba(X)  # type: ignore[misc]

    def initialize_module(self) -> Self:
        """Make the module as skorch does, its weights seeded by `random_state`."""
        with self._seed_torch():
            return super().initialize_module()  # type: ignore[misc]

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **fit_params: Any) -> Self:
        """Train in the engine where this net trains as skorch's nets do.

        Otherwise skorch's own loop trains it.
        """
        net: skorch.NeuralNet = self
        _check_optimizer(net)
        if fit_params.keys() - {"_routing_method"}:
            return self._run_skorch_loop(X, y, epochs, fit_params)
        try:
            check_loop(net, FusedFitLoop)
            net.check_data(X, y)
            net.check_training_readiness()
            job, datasets, tensors = make_job(net, X, y, net.max_epochs if epochs is None else epochs)
        except UnsupportedNetError:
            return self._run_skorch_loop(X, y, epochs, fit_params)
        if net.verbose or not is_only_reporting(net, FusedFitLoop):
            job = replace(job, observer=CallbackObserver(net, job, tensors, datasets))
        try:
            result = train_job(job)
        except KeyboardInterrupt:  # which skorch takes for the end of the training
            if job.observer is None:
                warnings.warn(
                    "a silent net was interrupted, and is as it was before; with verbose=1 it keeps its last epoch",
                    stacklevel=7,
                )
            raise
        self._take_result(job, tensors, result)
        return self

    def _take_result(self, job: TrainingJob, tensors: NetState, result: TrainingResult) -> None:
        """Put a result into the net, and tell it of epochs it has not seen."""
        net: skorch.NeuralNet = self
        tensors.write(result.state)
        net._set_training(job.validation is None)  # as skorch's loop leaves it
        if job.observer is None:
            for record in result.history:
                report_epoch(net, record, job)
        if result.error is not None:
            raise result.error
        if result.state.finished == "diverged":
            warnings.warn(
                f"training diverged in epoch {result.state.epoch}: loss or weights are no longer finite "
                f"(lr={job.rates.lr}); the weights from before that epoch are kept. A lower lr usually helps.",
                ConvergenceWarning,
                stacklevel=8,
            )

    def _run_skorch_loop(self, X: Any, y: Any, epochs: int | None, fit_params: dict[str, Any]) -> Self:
        net: skorch.NeuralNet = self
        with self._seed_torch(len(net.history)):  # more epochs are not to repeat the numbers of those before
            return super().fit_loop(X, y, epochs, **fit_params)  # type: ignore[misc]


def _check_optimizer(net: object) -> None:
    """Check that a net's optimizer can train it, which that of a `net_` may not."""
    if getattr(net, "optimizer", None) is Placeholder:
        raise NotImplementedError(
            "net_ was asked to train, and torch has no optimizer with the steps of its estimator's: call "
            "partial_fit of the estimator, or its fit with warm_start=True"
        )


def _use_defaults_for(X: Any) -> AbstractContextManager[None]:
    """Use our defaults of torch for a table of float32, else those of the process.

    Who has made float64 the default may want to train in it, in skorch's own loop.
    """
    parts = X.values() if isinstance(X, dict) else X if isinstance(X, (list, tuple)) else [X]
    is_float32 = any(str(getattr(part, "dtype", "")).removeprefix("torch.") == "float32" for part in parts)
    return use_float32_on_cpu() if is_float32 else nullcontext()


class NeuralNetClassifier(FusedFitLoop, skorch.NeuralNetClassifier):
    """A classifier of skorch that trains in compiled loops.

    It does so where skorch's own loop would do the same.

    Parameters
    ----------
    module, *args, **kwargs : as in skorch.
    random_state : int, RandomState instance or None, default=None
        Initial weights, shuffling and dropout follow from an integer. None draws from
        torch's global generator, as skorch does.
    """


class NeuralNetRegressor(FusedFitLoop, skorch.NeuralNetRegressor):
    """A regressor of skorch that trains in compiled loops.

    It does so where skorch's own loop would do the same.

    Parameters
    ----------
    module, *args, **kwargs : as in skorch.
    random_state : int, RandomState instance or None, default=None
        Initial weights, shuffling and dropout follow from an integer. None draws from
        torch's global generator, as skorch does.
    """
