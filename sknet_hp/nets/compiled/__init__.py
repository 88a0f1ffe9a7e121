"""Networks on the CPU: kernels, compiled on the machine that uses them, and tapes that
run them one after the other.
"""

from sknet_hp.nets.compiled import layers, table_layers  # noqa: F401  (they say how each kind of layer is run)
