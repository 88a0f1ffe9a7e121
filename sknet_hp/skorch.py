"""Drop-in nets of skorch that train in compiled loops, and on CUDA in stacks.

They are for people with an `nn.Module` of their own.
"""

from sknet_hp.estimators.skorch_nets.drop_in import NeuralNetClassifier, NeuralNetRegressor

__all__ = ["NeuralNetClassifier", "NeuralNetRegressor"]
