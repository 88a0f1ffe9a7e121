"""Networks: torch modules, how a stack of them is run, and their kernels for the CPU. Knows torch, and numba in `compiled`."""

from sknet_hp.nets.mlp import MLP
from sknet_hp.nets.resnet import ResNet
from sknet_hp.nets.tabm import TabM

ARCHITECTURES = {"mlp": MLP, "resnet": ResNet, "tabm": TabM}
"""Every architecture by name; a class takes `n_features`, `n_outputs` and its own keyword arguments."""
