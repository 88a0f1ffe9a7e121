"""What tests of both estimators share: few epochs of a narrow network."""

import pytest

from sknet_hp import NetClassifier, NetRegressor

SMALL = {"width": 16, "max_epochs": 5, "early_stopping": False, "random_state": 0}

ESTIMATORS = [pytest.param(NetClassifier, id="classifier"), pytest.param(NetRegressor, id="regressor")]


def predict_outputs(net, X):
    """Probabilities or predictions."""
    return net.predict_proba(X) if isinstance(net, NetClassifier) else net.predict(X)
