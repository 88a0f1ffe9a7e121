"""Architectures as torch modules, and how any module is read as a graph."""

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.resnet import ResNet
from sknet_hp.nets.architectures.tabm import TabM

ARCHITECTURES = {"mlp": MLP, "resnet": ResNet, "tabm": TabM}
"""Every architecture by name; a class takes `n_features`, `n_outputs` and its own
keyword arguments.
"""
