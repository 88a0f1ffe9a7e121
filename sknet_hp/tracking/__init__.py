"""Show searches in Optuna (and its dashboard), MLflow and TensorBoard.

Each needs an extra. See docs/tracking.md.
"""

from sknet_hp.tracking.mlflow_runs import log_to_mlflow
from sknet_hp.tracking.optuna_study import to_optuna
from sknet_hp.tracking.tensorboard_events import log_to_tensorboard

__all__ = ["log_to_mlflow", "log_to_tensorboard", "to_optuna"]
