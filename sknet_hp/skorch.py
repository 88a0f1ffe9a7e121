"""skorch's nets, training in compiled loops, and on CUDA in stacks: drop-in subclasses
for people with an `nn.Module` of their own.
"""

from sknet_hp.estimators.skorch_nets.drop_in import NeuralNetClassifier, NeuralNetRegressor

__all__ = ["NeuralNetClassifier", "NeuralNetRegressor"]
