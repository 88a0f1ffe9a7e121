"""The skorch net of an estimator, with skorch's history, callbacks and file formats."""

from dataclasses import replace
from typing import Any

import skorch
from sklearn.base import is_classifier
from skorch.history import History

from sknet_hp.estimators.building.architecture import make_architecture, make_empty_module
from sknet_hp.estimators.building.fitted import FittedNetwork
from sknet_hp.estimators.skorch_nets.drop_in import NeuralNetClassifier, NeuralNetRegressor
from sknet_hp.estimators.skorch_nets.net_state import NetState
from sknet_hp.estimators.skorch_nets.torch_optim import make_optimizer_settings
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.torch_loss import get_loss_class
from sknet_hp.training.state import State


@use_float32_on_cpu()
def build_net(estimator: FittedNetwork, lr: float, batch_size: int) -> skorch.NeuralNet:
    """Build a skorch net around the estimator's module, without its weights yet.

    Its inputs are encoded rows (`estimator.encoder_`), its outputs class scores, or
    targets as they were standardised.
    """
    classifier = is_classifier(estimator)
    loss = estimator.structure_["loss"]
    settings = make_optimizer_settings(estimator.optimizer, vars(estimator))
    kind: Any = NeuralNetClassifier if classifier else NeuralNetRegressor
    return kind(
        make_empty_module(estimator.structure_, estimator.layer_numbers_, estimator.seed_),
        criterion=get_loss_class(loss).criterion,
        optimizer=OPTIMIZERS[estimator.optimizer].twin.kind,
        lr=lr,
        max_epochs=estimator.max_epochs,
        batch_size=batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=estimator.callbacks,
        verbose=int(estimator.verbose),
        random_state=estimator.seed_,
        device="cpu",
        **({"classes": getattr(estimator, "classes_", None)} if classifier else {}),  # regressors have none
        **{f"optimizer__{key}": value for key, value in settings.items()},
    ).initialize()


def build_fitted_net(estimator: FittedNetwork) -> skorch.NeuralNet:
    """Build the skorch net of a fitted estimator."""
    net = build_net(estimator, estimator.lr, 64)
    net.history = convert_history(estimator)
    first = make_architecture(estimator.structure_, estimator.layer_numbers_, estimator.seed_)
    write_predicting_weights(
        NetState(net, first.graph),
        replace(estimator.state_, parameters=estimator.parameters_[0], buffers=estimator.buffers_[0]),
        with_slots=estimator.state_.is_resumable,
    )
    return net


def convert_history(estimator: FittedNetwork) -> History:
    """Convert an estimator's history to skorch's form."""
    return History({**row, "batches": []} for row in estimator.history_)


def write_predicting_weights(tensors: NetState, state: State, *, with_slots: bool = True) -> None:
    """Put the weights of a state, which predict, into a net; end its training mode."""
    tensors.write(state, with_slots=with_slots)
    tensors.net.module_.eval()
