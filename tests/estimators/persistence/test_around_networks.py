"""Saving what is built around networks: scikit-learn's estimators that hold ours,
whatever they are.
"""

import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, KFold, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import PowerTransformer, QuantileTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils.metadata_routing import get_routing_for_object

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor, SavedModelError
from sknet_hp.search import HalvingSearchCV
from tests.helpers.saved_files import rewrite, save_and_load, without_addresses

SMALL = {"width": 4, "max_epochs": 2, "random_state": 0, "num_bins": 4}
X, y = make_classification(120, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
Xr, yr = make_regression(120, 5, random_state=0)
yr = yr - yr.min()

net, regressor = NetClassifier(**SMALL), NetRegressor(**SMALL)
two = (y > 0).astype(int)
piped = make_pipeline(StandardScaler(), net)

CLASSIFIERS = {
    "voting": (VotingClassifier([("a", net), ("b", LogisticRegression()), ("c", "drop")], voting="soft"), y),
    "voting of pipelines": (VotingClassifier([("a", piped), ("b", LogisticRegression())]), y),
    "stacking": (StackingClassifier([("a", net), ("b", LogisticRegression())], final_estimator=net, cv=KFold(2)), y),
    "bagging": (BaggingClassifier(net, 2, max_features=3, random_state=0), y),
    "boosting": (
        AdaBoostClassifier(NetClassifier(**SMALL | {"max_epochs": 20}, lr=0.05), n_estimators=2, random_state=0),
        y,
    ),
    "sigmoid": (CalibratedClassifierCV(net, cv=2), y),
    "isotonic": (CalibratedClassifierCV(piped, method="isotonic", cv=2, ensemble=False), y),
    "temperature": (CalibratedClassifierCV(net, method="temperature", cv=2), y),
    "labels": (CalibratedClassifierCV(net, cv=2), np.array(["a", "b", "ç"])[y]),
    "one against the rest": (OneVsRestClassifier(net), y),
    "one against one": (OneVsOneClassifier(net), y),
    "codes": (OutputCodeClassifier(net, random_state=0), y),
    "several outputs": (MultiOutputClassifier(net), np.c_[y, two]),
    "chain": (ClassifierChain(net, cv=2), np.c_[y > 0, y > 1].astype(int)),
    "self-training": (SelfTrainingClassifier(net, max_iter=2), np.where(np.arange(120) % 3, y, -1)),
    "threshold": (FixedThresholdClassifier(net, threshold=0.3), two),
    "tuned threshold": (
        TunedThresholdClassifierCV(net, scoring=make_scorer(fbeta_score, beta=2), cv=2, thresholds=5),
        two,
    ),
    "features": (make_pipeline(SequentialFeatureSelector(net, n_features_to_select=1, cv=2), net), y),
    "united": (
        make_pipeline(
            FeatureUnion(
                [("a", StandardScaler()), ("b", SequentialFeatureSelector(net, n_features_to_select=1, cv=2))]
            ),
            net,
        ),
        y,
    ),
}
REGRESSORS = {
    "functions": (TransformedTargetRegressor(regressor, func=np.log1p, inverse_func=np.expm1), yr),
    "transformer": (
        TransformedTargetRegressor(
            make_pipeline(StandardScaler(), regressor), transformer=QuantileTransformer(n_quantiles=9)
        ),
        yr,
    ),
    "power": (TransformedTargetRegressor(regressor, transformer=PowerTransformer()), yr),
    "voting": (VotingRegressor([("a", regressor), ("b", Ridge())]), yr),
    "stacking": (StackingRegressor([("a", regressor), ("b", Ridge())], cv=2, passthrough=True), yr),
    "bagging": (
        BaggingRegressor(
            TransformedTargetRegressor(regressor, transformer=StandardScaler()),
            2,
            random_state=np.random.RandomState(0),
        ),
        yr,
    ),
    "several outputs": (MultiOutputRegressor(regressor), np.c_[yr, -yr]),
    "chain": (RegressorChain(regressor, cv=2), np.c_[yr, -yr]),
}


def assert_same(got, expected):
    of_outputs = zip(got, expected, strict=True) if isinstance(expected, list) else [(got, expected)]
    for one, other in of_outputs:
        np.testing.assert_array_equal(one, other)


def assert_comes_back(model, X, y, path):
    begun = save_and_load(model, path)
    assert without_addresses(begun) == without_addresses(model)
    fitted, again = clone(model).fit(X, y), begun.fit(X, y)
    back = save_and_load(fitted, path)
    assert type(back) is type(fitted)
    for method in ("predict", "predict_proba", "transform"):
        if not hasattr(fitted, method):
            continue
        expected = getattr(fitted, method)(X)
        assert_same(getattr(back, method)(X), expected)
        assert_same(getattr(again, method)(X), expected)
    assert save_and_load(back, path).predict(X).dtype == fitted.predict(X).dtype


@pytest.mark.filterwarnings("ignore:y contains no unlabeled samples", "ignore:.*max_iter", "ignore:Scoring failed")
@pytest.mark.parametrize(
    ("model", "X", "y"),
    [pytest.param(model, X, y, id=f"classifier: {name}") for name, (model, y) in CLASSIFIERS.items()]
    + [pytest.param(model, Xr, y, id=f"regressor: {name}") for name, (model, y) in REGRESSORS.items()],
)
def test_what_holds_networks_comes_back(model, X, y, path):
    assert_comes_back(model, X, y, path)


def test_what_calibrates_a_fitted_network_comes_back(path):
    assert_comes_back(CalibratedClassifierCV(FrozenEstimator(clone(piped).fit(X, y))), X, y, path)


def test_what_is_in_it_twice_is_in_the_file_once(path):
    """`estimators_` and `named_estimators_` are the same networks."""
    wide = VotingClassifier([("a", NetClassifier(**SMALL | {"width": 256}))]).fit(X, y)
    sknet_hp.save(wide.estimators_[0], path)
    alone = path.stat().st_size
    back = save_and_load(wide, path)
    assert path.stat().st_size < 1.2 * alone
    assert back.named_estimators_["a"] is back.named_estimators_.a is back.estimators_[0]


def test_requests_of_what_holds_networks(path):
    with sklearn.config_context(enable_metadata_routing=True):
        model = BaggingClassifier(
            clone(net).set_fit_request(sample_weight="own").set_score_request(sample_weight=False), 2, random_state=0
        )
        model.set_score_request(sample_weight=True)
        expected = get_routing_for_object(model)._serialize()
        assert "own" in str(expected)
        assert get_routing_for_object(save_and_load(model, path))._serialize() == expected
        assert get_routing_for_object(save_and_load(model.fit(X, y, own=np.ones(120)), path))._serialize() == expected


def test_the_version_of_scikit_learn_is_remembered(path, monkeypatch):
    """Private attributes may mean something else to another one."""
    sknet_hp.save(VotingClassifier([("a", net)]).fit(X, y), path)
    monkeypatch.setattr("sklearn.base.__version__", "99.0")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sknet_hp.load(path)
    assert {warning.category for warning in told} == {InconsistentVersionWarning}
    assert any("estimator VotingClassifier" in str(warning.message) for warning in told)


class Own(VotingClassifier):
    pass


def _double(values):
    return 2 * values


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Own([("a", net)]), "got Own; use joblib"),
        (
            TransformedTargetRegressor(regressor, func=_double, inverse_func=abs),
            r"TransformedTargetRegressor\.func is .*_double.*use joblib",
        ),
        (GridSearchCV(net, {"lr": [0.1]}), "but searches, got GridSearchCV; use joblib"),
        (HalvingSearchCV(net, {"lr": [0.1]}), "but searches, got HalvingSearchCV; use joblib"),
        (
            make_pipeline(StandardScaler(), GridSearchCV(net, {"lr": [0.1]})),
            r"steps\[1\]\[1\] is a search \(GridSearchCV\).*put its best_estimator_",
        ),
        (
            VotingClassifier([("a", Own([("b", net)]))]),
            r"VotingClassifier\.estimators\[0\]\[1\] is Own.*use joblib\.dump",
        ),
        (VotingClassifier([("a", LogisticRegression())]), "got VotingClassifier; use joblib"),
    ],
)
def test_what_is_refused_is_named(model, message, path):
    with pytest.raises(TypeError, match=message):
        sknet_hp.save(model, path)
    assert list(path.parent.iterdir()) == []


def test_a_fitted_part_that_is_refused_is_named(path):
    voting = VotingClassifier([("a", net), ("b", KNeighborsClassifier(algorithm="kd_tree"))]).fit(X, y)
    with pytest.raises(TypeError, match=r"\.estimators_\[1\] \(KNeighborsClassifier\) holds .*_kd_tree.*joblib"):
        sknet_hp.save(voting, path)
    assert list(path.parent.iterdir()) == []


def test_searches_are_told_to_save_what_they_found(path):
    search = GridSearchCV(VotingClassifier([("a", net)]), {"a__lr": [1e-3]}, cv=2).fit(X, y)
    with pytest.raises(TypeError, match="got GridSearchCV; save its best_estimator_, or use joblib"):
        sknet_hp.save(search, path)
    assert np.array_equal(save_and_load(search.best_estimator_, path).predict(X), search.predict(X))


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.ensemble.all",
        "sklearn.utils.Bunch",
        "sklearn.calibration.np",
        "sklearn.clone.x",
        "sklearn.base.BaseEstimator",
        "os.path.join",
    ],
)
def test_names_that_are_no_estimators(name, path):
    sknet_hp.save(VotingClassifier([("a", net)]), path)
    rewrite(path, lambda tree: tree.replace("sklearn.ensemble.VotingClassifier", name))
    with pytest.raises(SavedModelError, match="is damaged"):
        sknet_hp.load(path)
