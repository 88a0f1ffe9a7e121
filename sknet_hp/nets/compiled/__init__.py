"""Networks on the CPU: compiled kernels, and tapes that run one after the other."""

from sknet_hp.nets.compiled import layers, table_layers  # noqa: F401  (they say how each kind of layer is run)
