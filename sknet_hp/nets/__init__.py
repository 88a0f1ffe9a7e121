"""Networks: torch modules, and how a stack of them is run. Knows torch only."""

from sknet_hp.nets.mlp import MLP

ARCHITECTURES = {"mlp": MLP}
"""Every architecture by name; a class takes `n_features`, `n_outputs` and its own keyword arguments."""
