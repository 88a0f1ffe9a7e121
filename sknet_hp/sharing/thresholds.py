"""The thresholds of classifiers of two classes."""

from typing import Any

import numpy as np


def read_threshold(model: Any) -> tuple[float, int]:
    """Return from which score on a class is predicted, and the number of that class.

    Parameters
    ----------
    model : FixedThresholdClassifier or TunedThresholdClassifierCV, fitted.
    """
    threshold = getattr(model, "best_threshold_", getattr(model, "threshold", None))
    scorer = getattr(model, "_curve_scorer", None)  # knows the class that a tuned threshold is for
    label = model.pos_label if scorer is None else scorer._get_pos_label()
    positive = 1 if label is None else int(np.flatnonzero(model.classes_ == label)[0])
    return 0.5 if threshold in (None, "auto") else float(threshold), positive
