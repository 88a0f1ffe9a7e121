"""Where networks of concurrent fits train: the joblib backend "fused", its tasks, and
the engine for GPUs and clusters. Knows training and joblib.
"""
