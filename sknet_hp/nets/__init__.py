"""Networks: what they are, how they start, and the two ways to run them.

Knows torch, and numba in `compiled`.
"""
