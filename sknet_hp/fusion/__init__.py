"""Where networks of concurrent fits train.

The joblib backend "fused", its tasks, and the engine for GPUs and clusters. It knows
training and joblib.
"""
