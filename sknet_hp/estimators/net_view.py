"""The skorch net of a fitted estimator: skorch's history, callbacks and formats within reach."""

from dataclasses import asdict, replace
from typing import Any

import torch
from sklearn.base import is_classifier
from skorch.callbacks import EpochScoring, PassthroughScoring
from skorch.history import History

from sknet_hp.estimators.live import Live, batch_hooks
from sknet_hp.estimators.net_state import NetState
from sknet_hp.estimators.skorch_net import NeuralNetClassifier, NeuralNetRegressor
from sknet_hp.estimators.torch_optim import set_rates
from sknet_hp.fusion.entry import train_jobs
from sknet_hp.training.job import Rates, TrainingJob
from sknet_hp.training.start import initial_state
from sknet_hp.training.torch_loss import TorchLoss

TORCH_OPTIMIZERS: dict[str, Any] = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "lion": torch.optim.SGD,  # torch has no Lion: the net can predict and be saved, not be trained further by skorch's own loop
}


CRITERIA: dict[str, Any] = {
    "cross_entropy": torch.nn.CrossEntropyLoss,
    "focal": torch.nn.CrossEntropyLoss,  # where torch has no such loss, or it is the user's, the net can predict, not be trained further alike
    "binary_cross_entropy": torch.nn.BCEWithLogitsLoss,
    "mse": torch.nn.MSELoss,
    "mae": torch.nn.L1Loss,
    "huber": torch.nn.HuberLoss,
    "quantile": torch.nn.L1Loss,
    "poisson": torch.nn.PoissonNLLLoss,
}


def _optimizer_settings(estimator: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"weight_decay": estimator.weight_decay}
    if estimator.optimizer in ("sgd", "momentum", "nesterov"):
        settings |= {"momentum": estimator.momentum, "nesterov": estimator.optimizer == "nesterov"}
    elif estimator.optimizer != "lion":
        settings["eps"] = estimator.eps
    if estimator.optimizer == "rmsprop":
        settings["alpha"] = estimator.alpha
    if estimator.optimizer in ("adam", "adamw", "nadam", "radam"):
        settings["betas"] = (estimator.beta1, estimator.beta2)
    return {f"optimizer__{key}": value for key, value in settings.items()}


def _build(estimator: Any, lr: float, batch_size: int) -> Any:
    """A skorch net around the estimator's module, without its weights yet.

    Its inputs are encoded rows (`estimator.encoder_`), its outputs class scores, or targets as they were standardised.
    """
    classifier = is_classifier(estimator)
    loss = estimator.structure_["loss"]
    make: Any = NeuralNetClassifier if classifier else NeuralNetRegressor
    return make(
        estimator._empty_module(),
        criterion=CRITERIA[loss.like if isinstance(loss, TorchLoss) else loss],
        optimizer=TORCH_OPTIMIZERS[estimator.optimizer],
        lr=lr,
        max_epochs=estimator.max_epochs,
        batch_size=batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=estimator.callbacks,
        verbose=int(estimator.verbose),
        random_state=estimator.seed_,
        device="cpu",
        **({"classes": estimator.classes_} if classifier else {}),
        **_optimizer_settings(estimator),
    ).initialize()


def view(estimator: Any) -> Any:
    """The skorch net of a fitted estimator."""
    net = _build(estimator, estimator.lr, 64)
    net.history = _history(estimator)
    tensors = NetState(net, estimator._networks()[0].graph)
    _give_predicting(estimator, tensors)
    return net


def _history(estimator: Any) -> History:
    return History({**row, "batches": []} for row in estimator.history_)


def _give_predicting(estimator: Any, tensors: NetState) -> None:
    """Give a net the weights that predict uses."""
    tensors.write(replace(estimator.state_, parameters=estimator.parameters_[0], buffers=estimator.buffers_[0]))
    tensors.net.module_.eval()


# ---- training that somebody looks at -------------------------------------------------------------------------------


def train_watched(estimator: Any, jobs: list[TrainingJob], refit: bool = False) -> None:
    """Train an estimator's members while the callbacks of a skorch net, and `verbose`, look on at the first one.

    A network that is trained on keeps its net, with callbacks, history and what callbacks have made of its rates.
    """
    first, start = jobs[0], jobs[0].start or initial_state(jobs[0])
    net = estimator.__dict__.pop("_net", None)
    known = first.first_epoch > 0 and hasattr(net, "_told")
    if not known:
        net = _build(estimator, first.rates.lr, first.batch_size)
        if first.first_epoch:
            net.history = _history(estimator)
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

    live = Live(net, job, tensors, company=len(jobs))
    live.show(start)
    X, y = first.train.table.X, first.train.table.y
    _, rates, changes = live.on_train_begin(X, y)
    job = replace(job, rates=rates or job.rates, start=replace(start, **changes), observer=live)
    estimator._absorb(train_jobs([job, *jobs[1:]]), jobs)
    _give_predicting(estimator, tensors)
    estimator.parameters_[0], estimator.buffers_[0] = live.on_train_end(X, y)


def _replace_module(net: Any, module: torch.nn.Module) -> None:
    """Give a net other layers (dropouts may come and go), and its optimizer their parameters; the optimizer's numbers stay."""
    numbers = {name: value for name, value in net.optimizer_.param_groups[0].items() if name != "params"}
    net.module = module
    net.initialize_module()
    net.initialize_optimizer()
    net.optimizer_.param_groups[0].update(numbers)


def _rates(now: Rates, tensors: NetState) -> Rates:
    """What to train on at: what the net's optimizer has come to, but for what the estimator has been told since."""
    before = asdict(tensors.net._told)
    set_rates(tensors.net.optimizer_, {name: value for name, value in asdict(now).items() if value != before[name]})
    left, known = asdict(tensors.read().rates), tensors.net.optimizer_.param_groups[0]
    return replace(now, **{name: left[name] for name in left if name in known or (name in ("beta1", "beta2") and "betas" in known)})


def _check_callbacks(net: Any) -> None:
    for name, callback in net.callbacks_:
        hooks = batch_hooks(callback, net)
        if hooks:
            raise ValueError(
                f"callbacks: {name!r} ({type(callback).__name__}) has {', '.join(hooks)}, but this network trains in cohorts, whose callbacks are "
                "told of epochs only. For gradients there is grad_clip_norm, for learning rates lr_schedule, for progress verbose=1; EpochScoring "
                "scores training rows with use_caching=False. The nets in sknet_hp.skorch take any callback, and train by skorch's own loop then"
            )


def _leave_out_validation(net: Any) -> None:
    """Take out the callbacks that follow a score of validation rows, where there are none."""
    scores = {"valid_loss", *(getattr(c, "name_", getattr(c, "name", None)) for _, c in net.callbacks_ if _scores_validation(c))}
    followed = scores | {f"{score}_best" for score in scores}
    net.callbacks_ = [(name, c) for name, c in net.callbacks_ if not (isinstance(m := getattr(c, "monitor", None), str) and m in followed)]


def _scores_validation(callback: Any) -> bool:
    return isinstance(callback, (EpochScoring, PassthroughScoring)) and not callback.on_train
