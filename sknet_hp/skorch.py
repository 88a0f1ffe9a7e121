"""skorch's nets, training in cohorts: drop-in subclasses for people with an `nn.Module` of their own."""

from sknet_hp.estimators.skorch_net import NeuralNetClassifier, NeuralNetRegressor

__all__ = ["NeuralNetClassifier", "NeuralNetRegressor"]
