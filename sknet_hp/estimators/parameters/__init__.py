"""Every hyperparameter, as data: values, meaning, the range to search, and its source.

Constraints, the docstrings of both estimators and the pages of the documentation follow
from here; defaults stand in the signatures.
"""

from sknet_hp.estimators.parameters.fitting import FITTING, LENGTH, RUNNING, STOPPING, TRANSFER
from sknet_hp.estimators.parameters.inputs import AUGMENTATION, INPUTS, TABLE
from sknet_hp.estimators.parameters.kinds import Hyperparameter
from sknet_hp.estimators.parameters.network import ARCHITECTURE, DROPOUT, NETWORK
from sknet_hp.estimators.parameters.task import CLASSIFIER, REGRESSOR
from sknet_hp.estimators.parameters.update import AVERAGING, DECAY, LEARNING_RATE, OPTIMIZER, UPDATE

COMMON = INPUTS | NETWORK | UPDATE | FITTING


def group_parameters(own: dict[str, Hyperparameter]) -> dict[str, dict[str, Hyperparameter]]:
    """Return the parameters of an estimator by subject; `own` are those of its loss."""
    return {
        "Network": ARCHITECTURE,
        "Loss": own,
        "Dropout": DROPOUT,
        "Learning rate": LEARNING_RATE,
        "Optimizer": OPTIMIZER,
        "Weight decay": DECAY,
        "Averaged weights": AVERAGING,
        "Batches and epochs": LENGTH,
        "Early stopping": STOPPING,
        "Columns of the table": TABLE,
        "Augmentation": AUGMENTATION,
        "Starting from another network": TRANSFER,
        "Members, seed, device": RUNNING,
    }


__all__ = ["CLASSIFIER", "COMMON", "REGRESSOR", "Hyperparameter", "group_parameters"]
