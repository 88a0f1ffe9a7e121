"""A pytest plugin: the sub-estimators of scikit-learn's tests of metadata routing are
networks of ours, which write down what they are given.
"""

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.tests import metadata_routing_common
from sklearn.tests.metadata_routing_common import record_metadata_not_default
from sklearn.utils.metadata_routing import UNUSED

from sknet_hp import NetClassifier, NetRegressor

QUICK = {"width": 4, "max_epochs": 1, "num_embedding": "none", "early_stopping": False, "random_state": 0}


def weights(sample_weight):
    """What a network takes for it: the suite has a word for a weight that was not
    given.
    """
    return None if isinstance(sample_weight, str) else sample_weight


def decisions(net, X):
    """What the suite's estimators have, and ours have not: scores of classes, or of the
    second one.
    """
    logarithms = np.log(NetClassifier.predict_proba(net, X))
    return logarithms[:, 1] - logarithms[:, 0] if logarithms.shape[1] == 2 else logarithms


class Records:
    """Mixed into an estimator: fits are registered and written down, and done.

    Methods call those of our estimators by class, not by `self`, so that nothing but
    the meta-estimator's own calls is written down.
    """

    __metadata_request__fit = {"groups": UNUSED}  # noqa: RUF012 - these have none

    def _fit_as(self, method, X, y, sample_weight, metadata, **others):
        if self.registry is not None:
            self.registry.append(self)
        method(self, X, y, sample_weight=weights(sample_weight), **others)
        self.coef_ = np.ones_like(X)  # selectors of features ask for it
        return self


class ConsumingClassifier(Records, NetClassifier):
    def __init__(self, registry=None, alpha=0.0):
        super().__init__(**QUICK)
        self.registry = registry
        self.alpha = alpha

    def fit(self, X, y, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return self._fit_as(NetClassifier.fit, X, y, sample_weight, metadata)

    def partial_fit(self, X, y, classes=None, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return self._fit_as(NetClassifier.partial_fit, X, y, sample_weight, metadata, classes=classes)

    def predict(self, X, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return self.target_.choose_labels(NetClassifier.predict_proba(self, X))

    def predict_proba(self, X, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return NetClassifier.predict_proba(self, X)

    def predict_log_proba(self, X, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return np.log(NetClassifier.predict_proba(self, X))

    def decision_function(self, X, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return decisions(self, X)

    def score(self, X, y, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        predicted = self.target_.choose_labels(NetClassifier.predict_proba(self, X))
        return accuracy_score(y, predicted, sample_weight=weights(sample_weight))


class ConsumingRegressor(Records, NetRegressor):
    def __init__(self, registry=None):
        super().__init__(**QUICK)
        self.registry = registry

    def fit(self, X, y, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return self._fit_as(NetRegressor.fit, X, y, sample_weight, metadata)

    def partial_fit(self, X, y, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return self._fit_as(NetRegressor.partial_fit, X, y, sample_weight, metadata)

    def predict(self, X, y=None, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return NetRegressor.predict(self, X)

    def score(self, X, y, sample_weight="default", metadata="default"):
        record_metadata_not_default(self, sample_weight=sample_weight, metadata=metadata)
        return r2_score(y, NetRegressor.predict(self, X), sample_weight=weights(sample_weight))


class NonConsumingClassifier(Records, NetClassifier):
    def __init__(self, alpha=0.0):
        super().__init__(**QUICK)
        self.registry = None
        self.alpha = alpha

    def fit(self, X, y):
        return self._fit_as(NetClassifier.fit, X, y, "default", "default")

    def partial_fit(self, X, y, classes=None):
        return self._fit_as(NetClassifier.partial_fit, X, y, "default", "default", classes=classes)

    def decision_function(self, X):
        return decisions(self, X)


class NonConsumingRegressor(Records, NetRegressor):
    def __init__(self):
        super().__init__(**QUICK)
        self.registry = None

    def fit(self, X, y):
        return self._fit_as(NetRegressor.fit, X, y, "default", "default")

    def partial_fit(self, X, y):
        return self._fit_as(NetRegressor.partial_fit, X, y, "default", "default")


for estimator in (ConsumingClassifier, ConsumingRegressor, NonConsumingClassifier, NonConsumingRegressor):
    setattr(metadata_routing_common, estimator.__name__, estimator)


def pytest_collection_modifyitems(config, items):
    """Leave out the tests of estimators that hold no other."""
    assert all(item.module.ConsumingClassifier is ConsumingClassifier for item in items), (
        "the suite was imported before this plugin"
    )
    ours = [
        item
        for item in items
        if hasattr(item, "callspec") and "estimator" in item.callspec.params.get("metaestimator", {})
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in ours])
    items[:] = ours
