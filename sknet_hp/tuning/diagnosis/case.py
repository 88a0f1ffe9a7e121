"""A trained network as checks look at it; what takes time waits until asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.tuning.diagnosis.comparison import Comparison, compare_with_baselines
from sknet_hp.tuning.diagnosis.curves import Curve, read_curve
from sknet_hp.tuning.diagnosis.measurements import Measurement, measure_network

_CONSTANTS: dict[str, Callable[[Any, int], float]] = {
    "cross_entropy": lambda network, n_outputs: np.log(n_outputs),
    "focal": lambda network, n_outputs: (1 - 1 / n_outputs) ** network.focal_gamma * np.log(n_outputs),
    "binary_cross_entropy": lambda network, n_outputs: n_outputs * np.log(2),  # a sum over labels
    "mse": lambda network, n_outputs: 1.0,
    "mae": lambda network, n_outputs: (2 / np.pi) ** 0.5,
    "huber": lambda network, n_outputs: _compute_huber_of_normal(network.huber_delta),
    "quantile": lambda network, n_outputs: NormalDist().pdf(NormalDist().inv_cdf(network.quantile)),
}
"""By loss: that of equal probabilities, or of the best constant for targets of variance
1, which is taken from the normal distribution where it depends on one.
"""


def _compute_huber_of_normal(delta: float) -> float:
    """Return the mean Huber loss of standard normal errors."""
    tail, density = 1 - NormalDist().cdf(delta), NormalDist().pdf(delta)
    return 0.5 * (1 - 2 * tail) + delta * density - delta**2 * tail


@dataclass
class NetworkCase:
    """A trained network and, maybe, rows of its table.

    Attributes
    ----------
    estimator : the fitted network, or the pipeline that ends with it.
    X, y, sample_weight : rows of the table, or None.
    random_state : of what is drawn for measuring.
    subject : what the network is in, such as "outer fold 3".
    """

    estimator: Any
    X: Any = None
    y: Any = None
    sample_weight: Any = None
    random_state: int = 0
    subject: str = ""
    network: Any = field(init=False)
    _compared: dict[str, Comparison] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        _, self.network = find_last_step(self.estimator)

    @property
    def has_rows(self) -> bool:
        """Whether rows of the table were given."""
        return self.X is not None and self.y is not None

    @property
    def has_single_target(self) -> bool:
        """Whether there are rows, of a target of one column as simple models want."""
        return self.has_rows and np.ndim(self.y) == 1

    @property
    def is_classifier(self) -> bool:
        """Whether the network tells classes apart."""
        return bool(is_classifier(self.network))

    @cached_property
    def constant(self) -> float | None:
        """The loss of the prediction that knows nothing, or None if not known."""
        structure = self.network.structure_
        loss = structure["loss"]
        compute = _CONSTANTS.get(loss) if isinstance(loss, str) else None
        return None if compute is None else float(compute(self.network, structure["n_outputs"]))

    @cached_property
    def curve(self) -> Curve:
        """The losses of the first member, epoch by epoch."""
        network = self.network
        history = getattr(network, "stopping_history_", network.history_)
        restored = network.early_stopping and (network.restore_best or network.refit_full)
        used = network.best_epoch_ if restored and network.best_epoch_ <= len(history) else len(history)
        return read_curve(history, used, self.constant)

    @property
    def validated_curve(self) -> Curve:
        """The curve with validation losses: of a training beside if need be.

        Without such losses and without rows to make them, the curve as it is.
        """
        if self.curve.has_validation or not self.has_single_target or self.network.early_stopping:
            return self.curve
        return self.comparison.curve

    @property
    def n_validation_rows(self) -> int:
        """How many rows the best epoch was chosen by."""
        return int(self.network.n_validation_rows_)

    @property
    def ended(self) -> str:
        """Why training ended: "patience", "diverged", "observer"; "" at its limit."""
        return str(self.network.state_.finished)

    @property
    def steps_per_epoch(self) -> float:
        """How many steps an epoch had."""
        state = self.network.state_
        return float(state.step / max(1, state.epoch))

    @cached_property
    def measurement(self) -> Measurement | None:
        """Activations and gradients, now and at the start; None where not possible."""
        return measure_network(self.network, self.table, self.y, self.random_state)

    @cached_property
    def table(self) -> Any:
        """The rows as the network is given them: after a pipeline's other steps."""
        if self.estimator is self.network:
            return self.X
        return self.estimator[:-1].transform(self.X)

    @property
    def comparison(self) -> Comparison:
        """Simple models beside a network of the same parameters, on held-out rows."""
        return self.compare({})

    def compare(self, changes: Mapping[str, Any]) -> Comparison:
        """Return the comparison of networks with some parameters changed, made once."""
        key = repr(sorted(changes.items()))
        if key not in self._compared:
            self._compared[key] = compare_with_baselines(
                self.estimator, self.X, self.y, self.random_state, self.constant, changes
            )
        return self._compared[key]
