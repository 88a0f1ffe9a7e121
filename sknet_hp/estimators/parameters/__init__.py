"""Every hyperparameter, as data: what may be given, what it means, over which range to
search it, and where that comes from.

Constraints, the docstrings of both estimators and the table in the documentation follow
from here; defaults stand in the signatures.
"""

from sknet_hp.estimators.parameters.fitting import FITTING
from sknet_hp.estimators.parameters.inputs import INPUTS
from sknet_hp.estimators.parameters.kinds import Parameter
from sknet_hp.estimators.parameters.network import NETWORK
from sknet_hp.estimators.parameters.task import CLASSIFIER, REGRESSOR
from sknet_hp.estimators.parameters.update import UPDATE

COMMON = INPUTS | NETWORK | UPDATE | FITTING

__all__ = ["CLASSIFIER", "COMMON", "REGRESSOR", "Parameter"]
