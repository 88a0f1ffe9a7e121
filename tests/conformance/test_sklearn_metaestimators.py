"""Our networks inside scikit-learn's meta-estimators: which methods show through, and
what reaches `fit` of what is given outside.

First scikit-learn's own tests, where their sub-estimators can be exchanged; then the
same with networks that are not disguised, one after another and inside `fused()`.
"""

import threading

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer, r2_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

import sknet_hp
import sknet_hp.search
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.base import BaseNet
from tests.conformance.suites import run

QUICK = {"width": 4, "max_epochs": 2, "num_embedding": "none", "early_stopping": False, "random_state": 0}


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("suite", "plugins", "passed"),
    [
        pytest.param("test_metaestimators", ["delegation_adapter"], 29, id="data"),
        pytest.param("test_metaestimators", ["delegation_adapter", "fused_adapter"], 29, id="data-fused"),
        pytest.param("test_metaestimators_metadata_routing", ["routing_adapter"], 192, id="routing"),
    ],
)
def test_passes_with_our_networks(suite, plugins, passed):
    ran = run(f"sklearn.tests.{suite}", *plugins)
    assert ran.failed == 0, ran.report
    assert ran.passed >= passed, ran.report  # none may drop out unseen


# ---- the data: each row says which it is ---------------------------------------------------------------------------

N = 60
GENERATOR = np.random.default_rng(0)
X = np.c_[np.arange(N), GENERATOR.standard_normal((N, 3))]
LABELS = GENERATOR.permutation(np.arange(N) % 3)
BINARY = (LABELS > 0).astype(int)
SEVERAL = np.c_[LABELS, BINARY]
NUMBERS = X[:, 1:3] + GENERATOR.standard_normal((N, 2))
WEIGHT = GENERATOR.uniform(0.1, 5, N)
GROUPS = GENERATOR.permutation(np.arange(N) % 6)
X_VAL, LABELS_VAL, NUMBERS_VAL = X[:20] + 0.5, LABELS[:20], NUMBERS[:20, 0]


class Fit:
    """What one network was fitted with."""

    def __init__(self, table, sample_weight, held_out, groups):
        self.rows = np.asarray(table)[:, 0].astype(int)
        self.sample_weight, self.held_out, self.groups = sample_weight, held_out, groups


@pytest.fixture
def fits(monkeypatch):
    """Of all networks, in any thread."""
    seen, original, lock = [], BaseNet._fit, threading.Lock()

    def spied(self, table, y, sample_weight, *, held_out=None, groups=None, **others):
        with lock:
            seen.append(Fit(table, sample_weight, held_out, groups))
        return original(self, table, y, sample_weight, held_out=held_out, groups=groups, **others)

    monkeypatch.setattr(BaseNet, "_fit", spied)
    return seen


@pytest.fixture
def routed():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


class Weighs(TransformerMixin, BaseEstimator):
    """Changes nothing, and takes weights: so that they have somewhere to go when a
    network does not want them.
    """

    def fit(self, X, y=None, sample_weight=None):
        self.weighed_ = sample_weight is not None
        return self

    def transform(self, X):
        return X


def scorer(score=accuracy_score):
    """One that wants no weights."""
    return make_scorer(score).set_score_request(sample_weight=False)


def grid(net, score=accuracy_score, search=GridSearchCV):
    return search(net, {"net__lr": [1e-3, 1e-2]}, cv=2, scoring=scorer(score), error_score="raise")


def random(net, search=RandomizedSearchCV):
    return search(net, {"net__lr": [1e-3, 1e-2]}, n_iter=2, cv=2, scoring=scorer(), error_score="raise")


CLASSIFIERS = {
    "Pipeline": (lambda net: Pipeline([("net", net)]), LABELS),
    "GridSearchCV": (grid, LABELS),
    "RandomizedSearchCV": (random, LABELS),
    "our GridSearchCV": (lambda net: grid(net, search=sknet_hp.search.GridSearchCV), LABELS),
    "our RandomizedSearchCV": (lambda net: random(net, search=sknet_hp.search.RandomizedSearchCV), LABELS),
    "StackingClassifier": (
        lambda net: StackingClassifier([("a", net), ("b", clone(net))], LogisticRegression(), cv=2),
        LABELS,
    ),
    "VotingClassifier": (lambda net: VotingClassifier([("a", net), ("b", clone(net))], voting="soft"), LABELS),
    "CalibratedClassifierCV": (lambda net: CalibratedClassifierCV(net, cv=2), LABELS),
    "FixedThresholdClassifier": (lambda net: FixedThresholdClassifier(net, threshold=0.3), BINARY),
    "TunedThresholdClassifierCV": (
        lambda net: TunedThresholdClassifierCV(net, scoring=scorer(), cv=2, thresholds=5),
        BINARY,
    ),
    "OneVsRestClassifier": (OneVsRestClassifier, LABELS),
    "OneVsOneClassifier": (OneVsOneClassifier, LABELS),
    "OutputCodeClassifier": (lambda net: OutputCodeClassifier(net, code_size=2, random_state=0), LABELS),
    "MultiOutputClassifier": (MultiOutputClassifier, SEVERAL),
    "ClassifierChain": (ClassifierChain, SEVERAL),
}
REGRESSORS = {
    "Pipeline-regressor": (lambda net: Pipeline([("net", net)]), NUMBERS[:, 0]),
    "GridSearchCV-regressor": (lambda net: grid(net, r2_score), NUMBERS[:, 0]),
    "StackingRegressor": (lambda net: StackingRegressor([("a", net), ("b", clone(net))], Ridge(), cv=2), NUMBERS[:, 0]),
    "VotingRegressor": (lambda net: VotingRegressor([("a", net), ("b", clone(net))]), NUMBERS[:, 0]),
    "TransformedTargetRegressor": (TransformedTargetRegressor, NUMBERS[:, 0]),
    "MultiOutputRegressor": (MultiOutputRegressor, NUMBERS),
    "RegressorChain": (RegressorChain, NUMBERS),
}
METAS = CLASSIFIERS | REGRESSORS  # self-training is not among them: it cuts the rows, and not their weights
# Stacks give all they get to their last estimator, too.
NO_STACKS = [name for name in METAS if not name.startswith("Stacking")]
SAME_Y = [
    name
    for name in NO_STACKS
    if np.ndim(METAS[name][1]) == 1 and not name.startswith(("OneVs", "Output", "Transformed"))
]


def sub_estimator(name, wanted):
    """A network behind a transformer that wants weights."""
    net = (NetClassifier if name in CLASSIFIERS else NetRegressor)(**QUICK)
    if wanted is not None:
        net.set_fit_request(sample_weight=wanted)
    return Pipeline([("weighs", Weighs().set_fit_request(sample_weight=True)), ("net", net)])


# ---- weights -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METAS)
@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.usefixtures("routed")
def test_weights_reach_the_networks_that_want_them(name, wanted, company, fits):
    make, y = METAS[name]
    with company():
        make(sub_estimator(name, wanted)).fit(X, y, sample_weight=WEIGHT)
    assert fits
    for fit in fits:
        if wanted:
            np.testing.assert_array_equal(fit.sample_weight, WEIGHT[fit.rows])
        else:
            assert fit.sample_weight is None


@pytest.mark.parametrize("name", METAS)
@pytest.mark.usefixtures("routed")
def test_nobody_guesses_whether_weights_are_wanted(name, company):
    make, y = METAS[name]
    with (
        company(),
        pytest.raises(UnsetMetadataPassedError, match=r"\[sample_weight\] .* not requested for Net\w+\.fit"),
    ):
        make(sub_estimator(name, None)).fit(X, y, sample_weight=WEIGHT)


@pytest.mark.parametrize("name", METAS)
@pytest.mark.usefixtures("routed")
def test_company_changes_nothing(name):
    """Weighted, in each meta-estimator: the same bits in `fused()`, and others without
    weights.
    """
    make, y = METAS[name]
    fitted = [make(sub_estimator(name, wanted)) for wanted in (True, True, False)]
    fitted[0].fit(X, y, sample_weight=WEIGHT)
    with sknet_hp.fused(over="inline"):
        for each in fitted[1:]:
            each.fit(X, y, sample_weight=WEIGHT)
    serial, fused, unweighted = (np.concatenate([p.ravel() for p in networks(each)]) for each in fitted)
    np.testing.assert_array_equal(serial, fused)
    assert not np.array_equal(serial, unweighted)


def networks(fitted):
    """Weights of all fitted networks inside, in order."""
    found, seen = [], set()

    def look(thing):
        if id(thing) in seen:
            return
        seen.add(id(thing))
        if isinstance(thing, BaseNet):
            found.extend([thing.parameters_] if hasattr(thing, "parameters_") else [])
        elif isinstance(thing, (list, tuple)):
            for part in thing:
                look(part)
        elif hasattr(thing, "__dict__"):
            for name, part in vars(thing).items():
                if name.endswith("_") or name in ("steps", "estimator"):
                    look(part)

    look(fitted)
    assert found
    return found


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.usefixtures("routed")
def test_weights_in_cross_validation(wanted, company, fits):
    """Of a search of a pipeline: nested, with a scorer that takes weights too."""
    weighted = make_scorer(accuracy_score).set_score_request(sample_weight=True)
    search = GridSearchCV(sub_estimator("GridSearchCV", wanted), {"net__lr": [1e-3, 1e-2]}, cv=2, scoring=weighted)
    with company():
        scores = cross_validate(
            search, X, LABELS, cv=3, params={"sample_weight": WEIGHT}, scoring=weighted, error_score="raise"
        )
    assert np.isfinite(scores["test_score"]).all()
    assert len(fits) == 3 * (2 * 2 + 1)
    for fit in fits:
        assert (fit.sample_weight is None) if not wanted else np.array_equal(fit.sample_weight, WEIGHT[fit.rows])


FUNCTIONS = {  # with what they are given besides, and how many networks they fit
    cross_val_score: (lambda: {"scoring": scorer(), "error_score": "raise"}, 2),
    cross_val_predict: (lambda: {"method": "predict_proba"}, 2),
    learning_curve: (lambda: {"scoring": scorer(), "train_sizes": [0.5, 1.0], "error_score": "raise"}, 4),
    validation_curve: (
        lambda: {"scoring": scorer(), "param_name": "lr", "param_range": [1e-3, 1e-2], "error_score": "raise"},
        4,
    ),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.usefixtures("routed")
def test_weights_in_functions_of_cross_validation(function, company, fits):
    more, number = FUNCTIONS[function]
    net = NetClassifier(**QUICK).set_fit_request(sample_weight=True).set_partial_fit_request(sample_weight=True)
    with company():
        function(net, X, LABELS, cv=2, params={"sample_weight": WEIGHT}, **more())
    assert len(fits) == number
    for fit in fits:
        np.testing.assert_array_equal(fit.sample_weight, WEIGHT[fit.rows])


@pytest.mark.parametrize(
    ("meta", "Net", "y"), [(BaggingClassifier, NetClassifier, LABELS), (BaggingRegressor, NetRegressor, NUMBERS[:, 0])]
)
@pytest.mark.usefixtures("routed")
def test_bagging_draws_rows_by_weight(meta, Net, y, company, fits):
    """It keeps weights to itself, and draws rows by them."""
    only = (np.arange(N) % 3 == 0).astype(float)
    with company():
        meta(Net(**QUICK), n_estimators=3, random_state=0).fit(X, y, sample_weight=only)
    assert len(fits) == 3
    for fit in fits:
        seen = fit.rows if fit.sample_weight is None else fit.rows[fit.sample_weight > 0]
        assert (seen % 3 == 0).all()


# ---- groups --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("routed")
def test_groups_split_and_do_not_reach_networks_that_did_not_ask(company, fits):
    with company():
        grid = GridSearchCV(NetClassifier(**QUICK), {"lr": [1e-3, 1e-2]}, cv=GroupKFold(2))
        cross_validate(grid, X, LABELS, cv=GroupKFold(3), params={"groups": GROUPS}, error_score="raise")
    assert len(fits) == 3 * (2 * 2 + 1)
    assert all(fit.groups is None for fit in fits)
    outer = [fit for fit in fits if len(set(GROUPS[fit.rows])) == 4]
    assert all(np.isin(GROUPS, GROUPS[fit.rows]).sum() == len(fit.rows) for fit in fits)
    assert len(outer) == 3


@pytest.mark.parametrize("name", NO_STACKS)
@pytest.mark.usefixtures("routed")
def test_groups_reach_networks_that_ask(name, company, fits):
    """And are kept together when they hold rows out."""
    make, y = METAS[name]
    net = (NetClassifier if name in CLASSIFIERS else NetRegressor)(**QUICK | {"early_stopping": True})
    net.set_params(validation_split=GroupShuffleSplit(1, test_size=0.34, random_state=0)).set_fit_request(groups=True)
    with company():
        make(Pipeline([("net", net)])).fit(X, y, groups=GROUPS)
    assert fits
    for fit in fits:
        np.testing.assert_array_equal(fit.groups, GROUPS[fit.rows])


# ---- rows of one's own to validate on ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAME_Y)
@pytest.mark.usefixtures("routed")
def test_rows_to_validate_on_reach_the_networks(name, company, fits):
    """Whole: they are no rows of X, and no fold cuts them. (Where y is recoded inside,
    `y_val` can not be, so it is no use there.)
    """
    make, y = METAS[name]
    net = (NetClassifier if name in CLASSIFIERS else NetRegressor)(**QUICK | {"early_stopping": True})
    y_val = NUMBERS_VAL if name in REGRESSORS else np.minimum(LABELS_VAL, y.max())
    with company():
        make(Pipeline([("net", net.set_fit_request(X_val=True, y_val=True))])).fit(X, y, X_val=X_VAL, y_val=y_val)
    assert fits
    for fit in fits:
        np.testing.assert_array_equal(fit.held_out[0], X_VAL)
        np.testing.assert_array_equal(fit.held_out[1], y_val)


@pytest.mark.usefixtures("routed")
def test_rows_to_validate_on_are_transformed_in_a_pipeline(company, fits):
    shift = np.array([0, 1000, 0, 0])

    class Shift(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            self.fitted_ = True
            return self

        def transform(self, X):
            return X + shift

    net = NetClassifier(**QUICK | {"early_stopping": True}).set_fit_request(X_val=True, y_val=True)
    pipeline = Pipeline([("shift", Shift()), ("net", net)], transform_input=["X_val"])
    with company():
        GridSearchCV(pipeline, {"net__lr": [1e-3, 1e-2]}, cv=2, error_score="raise").fit(
            X, LABELS, X_val=X_VAL, y_val=LABELS_VAL
        )
    assert len(fits) == 5
    for fit in fits:
        np.testing.assert_array_equal(fit.held_out[0], X_VAL + shift)


def test_without_routing_arguments_go_by_step(company, fits):
    """As they did before there was routing."""
    pipeline = make_pipeline(Weighs(), NetClassifier(**QUICK | {"early_stopping": True}))
    own = {"netclassifier__X_val": X_VAL, "netclassifier__y_val": LABELS_VAL, "netclassifier__sample_weight": WEIGHT}
    with company():
        GridSearchCV(pipeline, {"netclassifier__lr": [1e-3, 1e-2]}, cv=2, error_score="raise").fit(X, LABELS, **own)
    assert len(fits) == 5
    for fit in fits:
        np.testing.assert_array_equal(fit.sample_weight, WEIGHT[fit.rows])
        np.testing.assert_array_equal(fit.held_out[0], X_VAL)


# ---- methods -------------------------------------------------------------------------------------------------------

METHODS = [
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "inverse_transform",
    "score",
]
CLASSIFIER_METHODS = {"predict", "predict_proba", "predict_log_proba", "score"}
DELEGATING = {
    "Pipeline": lambda net: Pipeline([("net", net)]),
    "GridSearchCV": lambda net: GridSearchCV(net, {"lr": [1e-3]}, cv=2),
    "RandomizedSearchCV": lambda net: RandomizedSearchCV(net, {"lr": [1e-3]}, n_iter=1, cv=2),
    "SelfTrainingClassifier": SelfTrainingClassifier,
}
PAIRS = [
    (name, Net)
    for name in DELEGATING
    for Net in (NetClassifier, NetRegressor)
    if (name, Net) != ("SelfTrainingClassifier", NetRegressor)
]


@pytest.mark.parametrize(("name", "Net"), PAIRS)
def test_methods_show_through(name, Net, company):
    """A meta-estimator has those that the network has; before `fit` they say so, after
    it they work.
    """
    meta = DELEGATING[name](Net(**QUICK))
    expected = CLASSIFIER_METHODS if Net is NetClassifier else {"predict", "score"}
    assert {method for method in METHODS if hasattr(meta, method)} == expected
    y = LABELS if Net is NetClassifier else NUMBERS[:, 0]
    if name == "SelfTrainingClassifier":
        y = np.where(np.arange(N) % 4 == 0, -1, y)
    for method in expected:
        with pytest.raises(NotFittedError):
            getattr(meta, method)(*((X, y) if method == "score" else (X,)))
    with company():
        meta.fit(X, y)
    for method in expected - {"score"}:
        assert len(getattr(meta, method)(X)) == N
    assert np.isfinite(meta.score(X, y))
