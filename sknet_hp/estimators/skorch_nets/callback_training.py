"""Training of an estimator with skorch's callbacks, or with `verbose`."""

from dataclasses import asdict, replace
from typing import Any

import skorch
import torch
from skorch.callbacks import Callback, EpochScoring, PassthroughScoring

from sknet_hp.estimators.skorch_nets.callback_observer import CallbackObserver, find_batch_hooks
from sknet_hp.estimators.skorch_nets.fitted_net import build_net, convert_history, write_predicting_weights
from sknet_hp.estimators.skorch_nets.net_state import NetState
from sknet_hp.estimators.skorch_nets.torch_optim import set_rates
from sknet_hp.fusion.entry import train_jobs
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.training.job import Rates, TrainingJob
from sknet_hp.training.start import make_initial_state


@use_float32_on_cpu()
def train_with_callbacks(estimator: Any, jobs: list[TrainingJob], refit: bool = False) -> None:
    """Train an estimator's members, and tell a skorch net's callbacks of the first one.

    A network that is trained on keeps its net, with callbacks, history and the rates
    that callbacks have set.
    """
    first, start = jobs[0], jobs[0].start or make_initial_state(jobs[0])
    known = estimator.__dict__.pop("_net", None)
    if first.first_epoch == 0 or not hasattr(known, "_trained_at"):
        known = None
    net = _begin_net(estimator, first) if known is None else _continue_net(estimator, known)
    same_layers = known is not None and net._layer_numbers == estimator.layer_numbers_
    if known is not None and not same_layers:
        _replace_module(net, estimator._empty_module())
    net.verbose, net.max_epochs = int(estimator.verbose), estimator.max_epochs
    _check_callbacks(net)
    if refit:
        _leave_out_validation(net)
    tensors = NetState(net, first.graph, start.step if same_layers else 0)
    job = first if known is None else replace(first, rates=_merge_rates(first.rates, tensors))
    net._trained_at, net._layer_numbers = first.rates, estimator.layer_numbers_
    estimator.__dict__["_net"] = net

    observer = CallbackObserver(net, job, tensors, n_members=len(jobs))
    observer.show(start)
    X, y = first.train.table.X.widen(), first.train.table.y
    _, rates, changes = observer.on_train_begin(X, y)
    job = replace(job, rates=rates or job.rates, start=replace(start, **changes), observer=observer)
    estimator._absorb(train_jobs([job, *jobs[1:]]), jobs)
    write_predicting_weights(estimator, tensors)
    estimator.parameters_[0], estimator.buffers_[0] = observer.on_train_end(X, y)


def _begin_net(estimator: Any, job: TrainingJob) -> skorch.NeuralNet:
    """Build a net to train from now on, with the estimator's history if it has one."""
    net = build_net(estimator, job.rates.lr, job.batch_size)
    if job.first_epoch:
        net.history = convert_history(estimator)
        for group in net.optimizer_.param_groups:  # torch's schedulers, when they begin later, ask for it
            group["initial_lr"] = group["lr"]
    return net


def _continue_net(estimator: Any, net: skorch.NeuralNet) -> skorch.NeuralNet:
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
