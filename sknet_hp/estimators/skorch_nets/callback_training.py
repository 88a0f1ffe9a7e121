"""Training that somebody looks at: an estimator's `callbacks`, and `verbose`."""

from dataclasses import asdict, replace
from typing import Any

import torch
from skorch.callbacks import EpochScoring, PassthroughScoring

from sknet_hp.estimators.skorch_nets.callback_observer import CallbackObserver, find_batch_hooks
from sknet_hp.estimators.skorch_nets.fitted_net import build_net, convert_history, write_predicting_weights
from sknet_hp.estimators.skorch_nets.state import NetState
from sknet_hp.estimators.skorch_nets.torch_optim import set_rates
from sknet_hp.fusion.entry import train_jobs
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.training.job import Rates, TrainingJob
from sknet_hp.training.start import make_initial_state


@use_float32_on_cpu()
def train_with_callbacks(estimator: Any, jobs: list[TrainingJob], refit: bool = False) -> None:
    """Train an estimator's members while the callbacks of a skorch net, and `verbose`,
    look on at the first one.

    A network that is trained on keeps its net, with callbacks, history and what
    callbacks have made of its rates.
    """
    first, start = jobs[0], jobs[0].start or make_initial_state(jobs[0])
    net = estimator.__dict__.pop("_net", None)
    known = first.first_epoch > 0 and hasattr(net, "_told")
    if not known:
        net = build_net(estimator, first.rates.lr, first.batch_size)
        if first.first_epoch:
            net.history = convert_history(estimator)
            for group in net.optimizer_.param_groups:  # torch's schedulers, when they begin later, ask for it
                group["initial_lr"] = group["lr"]
    elif net.callbacks is not estimator.callbacks:
        net.callbacks = estimator.callbacks
        net.initialize_callbacks()
    same_layers = known and net._layer_numbers == estimator.layer_numbers_
    if known and not same_layers:
        _replace_module(net, estimator._empty_module())
    net.verbose, net.max_epochs = int(estimator.verbose), estimator.max_epochs
    _check_callbacks(net)
    if refit:
        _leave_out_validation(net)
    tensors = NetState(net, first.graph, start.step if same_layers else 0)
    job = replace(first, rates=_rates(first.rates, tensors) if known else first.rates)
    net._told, net._layer_numbers = first.rates, estimator.layer_numbers_
    estimator.__dict__["_net"] = net

    live = CallbackObserver(net, job, tensors, company=len(jobs))
    live.show(start)
    X, y = first.train.table.X.widen(), first.train.table.y
    _, rates, changes = live.on_train_begin(X, y)
    job = replace(job, rates=rates or job.rates, start=replace(start, **changes), observer=live)
    estimator._absorb(train_jobs([job, *jobs[1:]]), jobs)
    write_predicting_weights(estimator, tensors)
    estimator.parameters_[0], estimator.buffers_[0] = live.on_train_end(X, y)


def _replace_module(net: Any, module: torch.nn.Module) -> None:
    """Give a net other layers (dropouts may come and go), and its optimizer their
    parameters; the optimizer's numbers stay.
    """
    numbers = {name: value for name, value in net.optimizer_.param_groups[0].items() if name != "params"}
    net.module = module
    net.initialize_module()
    net.initialize_optimizer()
    net.optimizer_.param_groups[0].update(numbers)


def _rates(now: Rates, tensors: NetState) -> Rates:
    """What to train on at: what the net's optimizer has come to, but for what the
    estimator has been told since.
    """
    before = asdict(tensors.net._told)
    set_rates(tensors.net.optimizer_, {name: value for name, value in asdict(now).items() if value != before[name]})
    left, known = asdict(tensors.read().rates), tensors.net.optimizer_.param_groups[0]
    return replace(
        now, **{name: left[name] for name in left if name in known or (name in ("beta1", "beta2") and "betas" in known)}
    )


def _check_callbacks(net: Any) -> None:
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


def _leave_out_validation(net: Any) -> None:
    """Take out the callbacks that follow a score of validation rows, where there are
    none.
    """
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


def _scores_validation(callback: Any) -> bool:
    return isinstance(callback, (EpochScoring, PassthroughScoring)) and not callback.on_train
