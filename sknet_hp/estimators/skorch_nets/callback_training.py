"""Training of an estimator with skorch's callbacks, or with `verbose`."""

from dataclasses import asdict, replace

import numpy as np
import skorch
import torch
from skorch.callbacks import Callback, EpochScoring, PassthroughScoring

from sknet_hp.estimators.building.architecture import make_empty_module
from sknet_hp.estimators.building.fitted import FittedNetwork
from sknet_hp.estimators.skorch_nets.callback_observer import CallbackObserver, find_batch_hooks
from sknet_hp.estimators.skorch_nets.fitted_net import build_net, convert_history, write_predicting_weights
from sknet_hp.estimators.skorch_nets.net_state import NetState
from sknet_hp.estimators.skorch_nets.torch_optim import set_rates
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.start import make_initial_state
from sknet_hp.training.state import Rates, State


class TrainingWithCallbacks:
    """A training whose first member is observed by skorch's callbacks, or by `verbose`.

    A network that is trained on keeps its net, with callbacks, history and the rates
    that callbacks have set.

    Parameters
    ----------
    estimator : whose members are trained.
    net : of its training so far, or None.
    jobs : one for each member.
    refit : whether a training that held rows out is repeated on all rows.

    Attributes
    ----------
    net : a skorch net of the first member.
    """

    def __init__(self, estimator: FittedNetwork, net: skorch.NeuralNet | None, jobs: list[TrainingJob], refit: bool):
        first, start = jobs[0], jobs[0].start or make_initial_state(jobs[0])
        known = None if first.first_epoch == 0 or not hasattr(net, "_trained_at") else net
        net = _begin_net(estimator, first) if known is None else _continue_net(estimator, known)
        same_layers = known is not None and net._layer_numbers == estimator.layer_numbers_
        if known is not None and not same_layers:
            module = make_empty_module(estimator.structure_, estimator.layer_numbers_, estimator.seed_)
            _replace_module(net, module)
        net.verbose, net.max_epochs = int(estimator.verbose), estimator.max_epochs
        _check_callbacks(net)
        if refit:
            _leave_out_validation(net)
        self.net, self._start, self._others = net, start, jobs[1:]
        self._tensors = NetState(net, first.graph, start.step if same_layers else 0)
        rates = first.rates if known is None else _merge_rates(first.rates, self._tensors)
        self._job = replace(first, rates=rates)
        net._trained_at, net._layer_numbers = first.rates, estimator.layer_numbers_

    def begin(self) -> list[TrainingJob]:
        """Tell callbacks that training begins; return the jobs to be trained."""
        table = self._job.train.table
        self._rows = table.X.widen(), table.y
        self._observer = CallbackObserver(self.net, self._job, self._tensors, n_members=1 + len(self._others))
        self._observer.show_state(self._start)
        _, rates, changes = self._observer.on_train_begin(*self._rows)
        start = replace(self._start, **changes)
        first = replace(self._job, rates=rates or self._job.rates, start=start, observer=self._observer)
        return [first, *self._others]

    def end(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Tell callbacks that training has ended; return (parameters, buffers) to keep.

        They are those of this state, if no callback has changed them in the net.
        """
        write_predicting_weights(self._tensors, state)
        return self._observer.on_train_end(*self._rows)


def _begin_net(estimator: FittedNetwork, job: TrainingJob) -> skorch.NeuralNet:
    """Build a net to train from now on, with the estimator's history if it has one."""
    net = build_net(estimator, job.rates.lr, job.batch_size)
    if job.first_epoch:
        net.history = convert_history(estimator)
        for group in net.optimizer_.param_groups:  # torch's schedulers, when they begin later, ask for it
            group["initial_lr"] = group["lr"]
    return net


def _continue_net(estimator: FittedNetwork, net: skorch.NeuralNet) -> skorch.NeuralNet:
    """Give an earlier training's net the estimator's callbacks, if they are new."""
    if net.callbacks is not estimator.callbacks:
        net.callbacks = estimator.callbacks
        net.initialize_callbacks()
    return net


def _replace_module(net: skorch.NeuralNet, module: torch.nn.Module) -> None:
    """Give a net other layers, and its optimizer their parameters.

    Dropouts may come and go. The optimizer's numbers stay.
    """
    numbers = {name: value for name, value in net.optimizer_.param_groups[0].items() if name != "params"}
    net.module = module
    net.initialize_module()
    net.initialize_optimizer()
    net.optimizer_.param_groups[0].update(numbers)


def _merge_rates(now: Rates, tensors: NetState) -> Rates:
    """Return the rates to train on at.

    They are those of the net's optimizer, which callbacks may have changed, except
    those that were set on the estimator since; `now` has the estimator's.
    """
    before = asdict(tensors.net._trained_at)
    set_rates(tensors.net.optimizer_, {name: value for name, value in asdict(now).items() if value != before[name]})
    left, known = asdict(tensors.read().rates), tensors.net.optimizer_.param_groups[0]
    return replace(
        now, **{name: left[name] for name in left if name in known or (name in ("beta1", "beta2") and "betas" in known)}
    )


def _check_callbacks(net: skorch.NeuralNet) -> None:
    for name, callback in net.callbacks_:
        hooks = find_batch_hooks(callback, net)
        if hooks:
            raise ValueError(
                f"callbacks: {name!r} ({type(callback).__name__}) has {', '.join(hooks)}, but this network trains in "
                f"loops of our own, whose callbacks are told of epochs only. For gradients there is grad_clip_norm, "
                f"for learning rates lr_schedule, for progress verbose=1; EpochScoring scores training rows with "
                f"use_caching=False. The nets in sknet_hp.skorch take any callback, and train by skorch's own loop "
                f"then"
            )


def _leave_out_validation(net: skorch.NeuralNet) -> None:
    """Take out the callbacks that follow a score of validation rows."""
    scores = {
        "valid_loss",
        *(getattr(c, "name_", getattr(c, "name", None)) for _, c in net.callbacks_ if _scores_validation(c)),
    }
    followed = scores | {f"{score}_best" for score in scores}
    net.callbacks_ = [
        (name, c)
        for name, c in net.callbacks_
        if not (isinstance(m := getattr(c, "monitor", None), str) and m in followed)
    ]


def _scores_validation(callback: Callback) -> bool:
    return isinstance(callback, (EpochScoring, PassthroughScoring)) and not callback.on_train
