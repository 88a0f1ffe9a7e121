"""What helpers read of an estimator that has been fitted."""

from typing import Any, Protocol

import numpy as np
from skorch import NeuralNet

from sknet_hp.estimators.building.structure import Structure
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.parameters.protocols import CommonParameters
from sknet_hp.training.state import State


class FittedNetwork(CommonParameters, Protocol):
    """A fitted estimator: its parameters, and what `fit` has left of training.

    Attributes
    ----------
    encoder_ : from tables to the network's inputs.
    seed_ : of the first member.
    structure_, layer_numbers_ : what the members' networks are built from.
    parameters_, buffers_ : (n_members, n) what predicts, flat.
    states_ : where each member's training stands.
    history_ : one row for each epoch.
    """

    encoder_: TableEncoder
    seed_: int
    structure_: Structure
    layer_numbers_: dict[str, float]
    parameters_: np.ndarray
    buffers_: np.ndarray
    states_: list[State]
    history_: list[dict[str, Any]]

    @property
    def state_(self) -> State:
        """Where the training of the first member stands."""

    @property
    def net_(self) -> NeuralNet:
        """A skorch net of the first member."""
