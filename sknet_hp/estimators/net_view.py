"""The skorch net of a fitted estimator: skorch's history, callbacks and formats within reach."""

from typing import Any

import torch
from sklearn.base import is_classifier

from sknet_hp.estimators.skorch_net import NeuralNetClassifier, NeuralNetRegressor, write_state
from sknet_hp.training.job import TrainingJob
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


def build_net(estimator: Any, job: TrainingJob | None) -> Any:
    """A skorch net around a fitted estimator's module; or, given a job, around the network the job begins with.

    Its inputs are encoded rows (`estimator.encoder_`), its outputs class scores, or targets as they were standardised.
    """
    classifier = is_classifier(estimator)
    loss = estimator.structure_["loss"]
    make: Any = NeuralNetClassifier if classifier else NeuralNetRegressor
    net = make(
        estimator._empty_module(),
        criterion=CRITERIA[loss.like if isinstance(loss, TorchLoss) else loss],
        optimizer=TORCH_OPTIMIZERS[estimator.optimizer],
        lr=estimator.lr,
        max_epochs=estimator.max_epochs,
        batch_size=64 if job is None else job.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=estimator.callbacks,
        verbose=int(estimator.verbose),
        random_state=estimator.seed_,
        device="cpu",
        **({"classes": estimator.classes_} if classifier else {}),
        **_optimizer_settings(estimator),
    ).initialize()
    if job is not None:
        write_state(net, job.start or initial_state(job))
    return net
