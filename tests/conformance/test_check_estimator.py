"""scikit-learn's checks of an estimator, for each architecture and encoding, for
networks inside others, and inside `fused()`.

Those of the defaults are in tests/estimators/test_estimators.py.
"""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

UNEQUAL = {
    f"check_sample_weight_equivalence_on_{kind}_data": "minibatches: a repeated row meets other rows than a weighted "
    "one"
    for kind in ("dense", "sparse")
}

VARIANTS = {
    "resnet": {"module": "resnet", "width": 32},
    "tabm": {"module": "tabm", "width": 16, "n_heads": 4},
    "periodic": {"num_embedding": "plr", "num_embedding_dim": 4},
    "categories": {"cat_embedding_dim": 4, "max_one_hot": 2},
    "plain": {"module": "mlp", "num_embedding": "none"},
    "densely periodic": {"num_embedding": "pbld", "num_embedding_dim": 4},
    "piecewise linear": {"num_embedding": "ple", "num_embedding_dim": 4},
    "ntk": {"init": "ntk"},
    "members": {"n_members": 2},
    "tabm with embeddings": {
        "module": "tabm",
        "width": 16,
        "n_heads": 4,
        "num_embedding": "plr",
        "num_embedding_dim": 4,
    }
    | {"cat_embedding_dim": 4, "max_one_hot": 2},
    "resnet with embeddings": {
        "module": "resnet",
        "width": 32,
        "num_embedding": "ple",
        "num_embedding_dim": 4,
        "n_members": 2,
    },
}
FAST = [("resnet", NetClassifier), ("tabm", NetRegressor), ("periodic", NetRegressor), ("categories", NetClassifier)]
SLOW = [(name, Net) for name in VARIANTS for Net in (NetClassifier, NetRegressor) if (name, Net) not in FAST]


def networks(cases):
    return [Net(max_epochs=20, **VARIANTS[name]) for name, Net in cases]


def checks(estimators, failing=UNEQUAL):
    return parametrize_with_checks(estimators, expected_failed_checks=lambda estimator: failing)


@checks(networks(FAST))
def test_architectures_and_encodings(estimator, check):
    check(estimator)


@pytest.mark.slow
@checks(networks(SLOW))
def test_more_architectures_and_encodings(estimator, check):
    check(estimator)


@checks([NetClassifier(max_epochs=20), NetRegressor(max_epochs=20)])
def test_in_company(estimator, check):
    with sknet_hp.fused(over="inline"):
        check(estimator)


# ---- pipelines -----------------------------------------------------------------------------------------------------

# With a seed of their own: the checks give one to whatever has a `random_state`, and a pipeline has none.
PIPELINES = [
    make_pipeline(StandardScaler(), Net(max_epochs=20, random_state=0)) for Net in (NetClassifier, NetRegressor)
]
NOT_OF_PIPELINES = UNEQUAL | {
    "check_dont_overwrite_parameters": "pipelines fit their steps in place: scikit-learn expects this failure of "
    "them, too",
    "check_estimators_overwrite_params": "pipelines fit their steps in place: scikit-learn expects this failure of "
    "them, too",
    "check_estimators_nan_inf": "the networks take missing values, and a pipeline does not say so",
}


@pytest.mark.slow
@checks(PIPELINES, NOT_OF_PIPELINES)
def test_pipelines(estimator, check):
    check(estimator)


@pytest.mark.slow
@checks(PIPELINES, NOT_OF_PIPELINES)
def test_pipelines_in_company(estimator, check):
    with sknet_hp.fused(over="inline"):
        check(estimator)
