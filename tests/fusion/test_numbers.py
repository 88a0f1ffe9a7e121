"""scikit-learn under the fused backend gives the numbers of scikit-learn without it."""

import inspect
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, LatentDirichletAllocation
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sknet_hp

pytestmark = pytest.mark.timeout(60)


def equal(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a if not k.endswith("time"))
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return np.array_equal(a, b, equal_nan=True)
    return np.array_equal(a, b)


def tables(search):
    return {name: values for name, values in search.cv_results_.items() if not name.endswith("_time")}


def both(compute, **settings):
    """What it computes without a backend and under the fused one."""
    want = compute()
    with sknet_hp.fused(1, **{"over": "inline"} | settings):
        return want, compute()


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300], y[:300]


@pytest.mark.parametrize("n_jobs", [None, 2, -1])
def test_others_are_as_without_jobs(digits, n_jobs):
    """Also those whose numbers depend on `n_jobs` in scikit-learn itself."""
    X, y = digits

    def compute(n_jobs):
        return [
            RandomForestClassifier(20, random_state=0, n_jobs=n_jobs).fit(X, y).predict_proba(X),
            LatentDirichletAllocation(5, random_state=0, max_iter=2, n_jobs=n_jobs).fit_transform(X),
            KNeighborsClassifier(n_jobs=n_jobs).fit(X, y).predict_proba(X),
            FeatureUnion([("a", PCA(3, random_state=0)), ("b", StandardScaler())], n_jobs=n_jobs).fit_transform(X),
            cross_validate(LogisticRegression(max_iter=20000, random_state=0), X / 16, y, cv=2, n_jobs=n_jobs)[
                "test_score"
            ],
        ]

    want = compute(None)
    with sknet_hp.fused(2):
        assert equal(compute(n_jobs), want)


def test_an_error_of_another_estimator_comes_at_once(digits):
    fitted = []

    class Failing(LogisticRegression):
        def fit(self, X, y):
            fitted.append(1)
            raise ArithmeticError("first")

    with sknet_hp.fused(1), pytest.raises(ArithmeticError, match="first"):
        GridSearchCV(Failing(), {"C": [1, 2, 3]}, error_score="raise").fit(*digits)
    assert len(fitted) == 1


def test_networks_behind_transformers(data, net):
    X = pd.DataFrame(data[0], columns=list("abcd")).assign(e=np.where(data[0][:, 1] > 0, "yes", "no"))
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), list("abcd")), ("words", OneHotEncoder(sparse_output=False), ["e"])]
    )
    union = FeatureUnion([("all", "passthrough"), ("best", SelectKBest(k=2))])
    search = GridSearchCV(
        make_pipeline(columns, union, net()), {"netclassifier__lr": [1e-3, 1e-2], "featureunion__best__k": [1, 2]}, cv=3
    )
    want, got = both(lambda: tables(search.fit(X, data[1])))
    assert equal(want, got)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda net: StackingClassifier(
            [("net", make_pipeline(StandardScaler(), net)), ("forest", RandomForestClassifier(5, random_state=0))], cv=2
        ),
        lambda net: VotingClassifier(
            [("a", net), ("b", sklearn.clone(net).set_params(lr=0.01)), ("c", LogisticRegression(max_iter=10_000))],
            voting="soft",
        ),
        lambda net: BaggingClassifier(net, 4, random_state=0),
        lambda net: OneVsRestClassifier(net),
    ],
    ids=["stacking", "voting", "bagging", "one-vs-rest"],
)
def test_ensembles_of_networks(digits, net, wrap):
    X, y = digits[0][:150], digits[1][:150] % 3
    model = wrap(net())

    def compute():
        return cross_validate(model, X, y, cv=3, scoring="neg_log_loss")["test_score"]

    want, got = both(compute)
    assert equal(want, got)


def test_a_network_is_found_however_deep(data, net):
    deep = make_pipeline(
        StandardScaler(),
        StackingClassifier(
            [("a", make_pipeline(VotingClassifier([("b", make_pipeline(StandardScaler(), net()))])))], cv=2
        ),
    )
    want, got = both(lambda: cross_validate(deep, *data, cv=3)["test_score"])
    assert equal(want, got)


def test_weights_and_groups_are_routed(data, net):
    X, y = data
    weight = np.where(y > 0, 3.0, 0.5)
    with sklearn.config_context(enable_metadata_routing=True):
        model = net().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=GroupKFold(3))
        arguments = {"sample_weight": weight, "groups": np.arange(60) % 7}
        want, got = both(lambda: tables(search.fit(X, y, **arguments)))
        assert equal(want, got)
        plain = tables(search.fit(X, y, groups=arguments["groups"]))
    assert not equal(plain, got), "weights count"


def test_multimetric_with_refit(data, net):
    search = GridSearchCV(
        net(), {"lr": [1e-3, 1e-2]}, cv=3, scoring=["accuracy", "roc_auc"], refit="roc_auc", return_train_score=True
    )
    want, got = both(lambda: (tables(search.fit(*data)), search.best_params_, search.predict_proba(data[0])))
    assert equal(want, got)


def test_other_searches_and_tools(data, net):
    grid = {"lr": [1e-3, 3e-3, 1e-2, 3e-2, 1e-1]}
    halving = HalvingRandomSearchCV(
        net(), grid, cv=2, random_state=0, resource="max_epochs", max_resources=8, min_resources=2
    )
    random = RandomizedSearchCV(net(), grid, cv=2, random_state=0, n_iter=3)
    computations = [
        lambda: tables(halving.fit(*data)),
        lambda: tables(random.fit(*data)),
        lambda: cross_val_predict(net(), *data, cv=3, method="predict_proba"),
        lambda: learning_curve(net(), *data, cv=2, train_sizes=[0.4, 0.7, 1.0]),
    ]
    for compute in computations:
        want, got = both(compute)
        assert equal(want, got), inspect.getsource(compute)


def test_nested_cross_validation(data, net, bundles):
    inner = GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=3)
    want = cross_validate(inner, *data, cv=4)["test_score"]
    bundles.clear()
    with sknet_hp.fused(1):
        got = cross_validate(inner, *data, cv=4)["test_score"]
    assert equal(want, got)
    # 4 outer × 2 candidates × 3 folds of 30 rows each, then 4 refits of 45
    assert sum(bundles) == 28


def test_global_randomness_is_left_alone(data, net):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    with sknet_hp.fused(1):
        cross_validate(net(), *data, cv=3)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_diverging_company(data, net):
    """Candidates that diverge do not change their neighbours."""
    search = GridSearchCV(net(optimizer="sgd"), {"lr": [1e-2, 1e30, 1e-1]}, cv=3)

    def compute():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tables(search.fit(*data))

    want, got = both(compute)
    assert equal(want, got)
