"""Kernels of networks, compiled on the machine that uses them; the tape that runs them."""
