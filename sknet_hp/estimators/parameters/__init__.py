"""Every hyperparameter, as data: values, meaning, the range to search, and its source.

Constraints, the docstrings of both estimators and the table in the documentation follow
from here; defaults stand in the signatures.
"""

from sknet_hp.estimators.parameters.fitting import FITTING
from sknet_hp.estimators.parameters.inputs import INPUTS
from sknet_hp.estimators.parameters.kinds import Hyperparameter
from sknet_hp.estimators.parameters.network import NETWORK
from sknet_hp.estimators.parameters.task import CLASSIFIER, REGRESSOR
from sknet_hp.estimators.parameters.update import UPDATE

COMMON = INPUTS | NETWORK | UPDATE | FITTING

__all__ = ["CLASSIFIER", "COMMON", "REGRESSOR", "Hyperparameter"]
