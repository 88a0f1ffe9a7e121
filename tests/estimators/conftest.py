"""Small problems for both estimators."""

import pytest
from sklearn.datasets import make_classification, make_regression

from sknet_hp import NetClassifier


@pytest.fixture(scope="module")
def classes():
    X, y = make_classification(200, 6, n_informative=4, n_classes=3, random_state=0)
    return X, y


@pytest.fixture(scope="module")
def numbers():
    return make_regression(200, 6, n_informative=4, noise=5, random_state=0)


@pytest.fixture
def problem(request, classes, numbers):
    return lambda Net: classes if Net is NetClassifier else numbers
