"""Searches in the tools that others follow experiments with."""

from sknet_hp.tracking.optuna_study import to_optuna

__all__ = ["to_optuna"]
