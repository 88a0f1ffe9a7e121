"""Whatever else in scikit-learn holds an estimator: with networks inside it learns, and
learns the same, bit for bit, inside `fused()`.
"""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.impute import IterativeImputer
from sklearn.linear_model import RANSACRegressor
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    permutation_test_score,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

QUICK = {"width": 16, "max_epochs": 15, "lr": 1e-2, "num_embedding": "none", "early_stopping": False, "random_state": 0}
X, Y = make_classification(150, 6, n_informative=4, n_redundant=0, n_classes=3, class_sep=2, random_state=0)
WORDS = np.array(["bad", "good", "middling"])[Y]
Z, T = make_regression(150, 4, n_informative=3, n_targets=2, noise=2, random_state=0)
L, M = make_multilabel_classification(150, 6, n_classes=3, random_state=0)
FRAME = pd.DataFrame({"colour": np.array(["red", "green", "blue"])[np.arange(150) % 3], "number": X[:, 0]})
FRAME.loc[::7, "number"] = np.nan
COLOURS = np.where(FRAME["colour"] == "red", "yes", "no")


def importances(net):
    """For selectors of features, which look for some in what they have fitted."""
    return np.abs(net.parameters_[0][: 16 * net.n_features_in_]).reshape(16, -1).sum(0)


CLASSIFIERS = {
    "AdaBoost": (lambda net: AdaBoostClassifier(net, n_estimators=3, random_state=0), X, WORDS),
    "Bagging": (lambda net: BaggingClassifier(net, n_estimators=3, max_features=0.8, random_state=0), X, WORDS),
    "Calibrated": (lambda net: CalibratedClassifierCV(net, method="isotonic", cv=3), X, WORDS),
    "Calibrated, frozen": (lambda net: CalibratedClassifierCV(FrozenEstimator(net.fit(X, WORDS))), X, WORDS),
    "Stacking of networks by a network": (
        lambda net: StackingClassifier(
            [("a", net), ("b", clone(net).set_params(width=8))], clone(net), cv=3, passthrough=True
        ),
        X,
        WORDS,
    ),
    "Stacking of fitted networks": (
        lambda net: StackingClassifier([("a", net.fit(X, WORDS))], clone(net), cv="prefit"),
        X,
        WORDS,
    ),
    "Voting": (lambda net: VotingClassifier([("a", net), ("b", clone(net).set_params(random_state=1))]), X, WORDS),
    "One against one": (OneVsOneClassifier, X, WORDS),
    "One against the rest": (OneVsRestClassifier, X, WORDS),
    "One against the rest, several labels": (OneVsRestClassifier, L, M),
    "Chain": (lambda net: ClassifierChain(net, cv=3, order="random", random_state=0), L, M),
    "Several outputs of words": (MultiOutputClassifier, X, np.c_[WORDS, WORDS[::-1]]),
    "Self-training": (SelfTrainingClassifier, X, np.where(np.arange(150) % 3, Y, -1)),
    "Grid, several labels": (
        lambda net: GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=3, scoring="roc_auc", error_score="raise"),
        L,
        M,
    ),
    "Grid, sparse labels": (
        lambda net: GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=3, error_score="raise"),
        L,
        scipy.sparse.csr_array(M),
    ),
    "Grid, words and holes": (
        lambda net: GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=3, scoring="roc_auc", error_score="raise"),
        FRAME,
        COLOURS,
    ),
    "Halving by epochs": (
        lambda net: HalvingGridSearchCV(
            net,
            {"lr": [1e-4, 1e-3, 1e-2]},
            resource="max_epochs",
            min_resources=3,
            max_resources=15,
            cv=3,
            random_state=0,
            error_score="raise",
        ),
        X,
        WORDS,
    ),
    "Halving by rows": (
        lambda net: HalvingRandomSearchCV(
            net, {"lr": [1e-4, 1e-3, 1e-2]}, n_candidates=3, cv=2, random_state=0, error_score="raise"
        ),
        X,
        Y,
    ),
    "Selection forwards": (
        lambda net: make_pipeline(SequentialFeatureSelector(net, n_features_to_select=3, cv=2), clone(net)),
        X,
        WORDS,
    ),
    "Elimination": (lambda net: RFECV(net, cv=2, importance_getter=importances), X, WORDS),
}
REGRESSORS = {
    "AdaBoost": (lambda net: AdaBoostRegressor(net, n_estimators=3, random_state=0), Z, T[:, 0]),
    "Bagging": (lambda net: BaggingRegressor(net, n_estimators=3, random_state=0), Z, T),
    "Target": (lambda net: TransformedTargetRegressor(net, transformer=StandardScaler()), Z, T),
    "Chain": (lambda net: RegressorChain(net, cv=3), Z, T),
    "Consensus": (lambda net: RANSACRegressor(net, min_samples=0.5, max_trials=3, random_state=0), Z, T[:, 0]),
    "Imputation": (
        lambda net: make_pipeline(IterativeImputer(net, max_iter=2, random_state=0, tol=1e3), clone(net)),
        np.where(np.random.default_rng(0).random(Z.shape) < 0.05, np.nan, Z),
        T[:, 0],
    ),
}
CASES = [(NetClassifier, name) for name in CLASSIFIERS] + [(NetRegressor, name) for name in REGRESSORS]


def outputs(meta, X):
    for method in ("predict_proba", "predict"):
        if hasattr(meta, method):
            return np.asarray(getattr(meta, method)(X))


@pytest.mark.slow
@pytest.mark.parametrize(("Net", "name"), CASES)
def test_learns_and_learns_the_same_in_company(Net, name):
    make, table, y = (CLASSIFIERS if Net is NetClassifier else REGRESSORS)[name]
    alone = make(Net(**QUICK)).fit(table, y)
    with sknet_hp.fused(over="inline"):
        together = make(Net(**QUICK)).fit(table, y)
        shared = outputs(together, table)
    np.testing.assert_array_equal(outputs(alone, table), shared)
    labelled = np.arange(150) % 3 > 0 if name == "Self-training" else slice(None)
    if name == "Several outputs of words":
        assert (alone.predict(table)[:, 0] == y[:, 0]).mean() > 0.8
    else:
        assert alone.score(table[labelled] if name == "Self-training" else table, y[labelled]) > 0.55


FUNCTIONS = {
    "scores of fitted networks": lambda net: cross_validate(
        net, X, WORDS, cv=3, return_estimator=True, return_train_score=True, error_score="raise"
    ),
    "logarithms of probabilities": lambda net: cross_val_predict(net, X, WORDS, cv=3, method="predict_log_proba"),
    "several outputs": lambda net: cross_val_predict(MultiOutputClassifier(net), X, np.c_[WORDS, WORDS[::-1]], cv=3),
    "several labels": lambda net: cross_val_predict(net, L, M, cv=3, method="predict_proba"),
    "learning curve": lambda net: learning_curve(net, X, WORDS, cv=3, train_sizes=[0.3, 1.0], error_score="raise"),
    "learning curve by steps": lambda net: learning_curve(
        net, X, WORDS, cv=3, train_sizes=[0.3, 0.6, 1.0], exploit_incremental_learning=True, error_score="raise"
    ),
    "permutations": lambda net: permutation_test_score(net, X, WORDS, cv=2, n_permutations=5, random_state=0),
}


def numbers(result):
    """All of a result, but times."""
    if isinstance(result, dict):
        return [part for name in result if "time" not in name for part in numbers(result[name])]
    if isinstance(result, (list, tuple)):
        return [part for each in result for part in numbers(each)]
    if isinstance(result, np.ndarray) and result.dtype == object:
        return [part for each in result for part in numbers(each)]
    return [result.parameters_ if hasattr(result, "parameters_") else np.asarray(result)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gives_the_same_in_company(name):
    alone = numbers(FUNCTIONS[name](NetClassifier(**QUICK)))
    with sknet_hp.fused(over="inline"):
        together = numbers(FUNCTIONS[name](NetClassifier(**QUICK)))
    assert len(alone) == len(together)
    for one, other in zip(alone, together, strict=True):
        assert one.size
        np.testing.assert_array_equal(one, other)


def test_a_learning_curve_by_steps_goes_on_with_one_network():
    """Each size adds rows to what the smaller ones have taught, by `partial_fit`, which
    is told all classes each time.
    """
    net = NetClassifier(**QUICK | {"lr": 0.05})
    sizes, _, scores = learning_curve(
        net, X, WORDS, cv=3, train_sizes=range(5, 101, 5), exploit_incremental_learning=True, error_score="raise"
    )
    assert sizes.tolist() == list(range(5, 101, 5))
    assert scores[-1].mean() > scores[0].mean() + 0.2
