"""Drop-in nets for skorch users, for modules of their own.

They train in compiled loops, and on CUDA in stacks.
"""

from sknet_hp.estimators.skorch_nets.drop_in import NeuralNetClassifier, NeuralNetRegressor

__all__ = ["NeuralNetClassifier", "NeuralNetRegressor"]
