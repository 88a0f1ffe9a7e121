"""What scikit-learn offers to do with a fitted estimator, done with networks: looking
into them, choosing thresholds, copying, sharing.
"""

import copy
import pickle
import threading

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import f1_score, make_scorer, recall_score
from sklearn.model_selection import FixedThresholdClassifier, GroupShuffleSplit, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import estimator_html_repr
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

SMALL = {"width": 16, "max_epochs": 5, "early_stopping": False, "random_state": 0}
LEARNT = {"width": 32, "max_epochs": 30, "random_state": 0}
NETS = [pytest.param(NetClassifier, id="classifier"), pytest.param(NetRegressor, id="regressor")]


@pytest.fixture(scope="module")
def classes():
    # Columns 0 to 2 inform.
    return make_classification(300, 6, n_informative=3, n_redundant=0, shuffle=False, class_sep=2, random_state=0)


@pytest.fixture(scope="module")
def numbers():
    X, y = make_regression(300, 6, n_informative=3, noise=5, shuffle=False, random_state=0)  # columns 0 to 2 inform
    return X, y


@pytest.fixture
def problem(request, classes, numbers):
    return lambda Net: classes if Net is NetClassifier else numbers


def outputs(net, X):
    return net.predict_proba(X) if hasattr(net, "predict_proba") else net.predict(X)


# ---- looking into them ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", NETS)
def test_permutation_importance(problem, Net, company):
    X, y = problem(Net)
    net = Net(**LEARNT).fit(X, y)
    with company():
        importances = permutation_importance(net, X, y, n_repeats=3, random_state=0).importances_mean
    assert importances[:3].min() > 3 * np.abs(importances[3:]).max()


def test_permutation_importance_of_columns_of_words():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"colour": generator.choice(["red", "green", "blue"], 300), "noise": generator.standard_normal(300)}
    )
    frame["shape"] = generator.choice(["round", "square"], 300)
    y = frame["colour"] == "red"
    net = NetClassifier(**LEARNT).fit(frame, y)
    importances = permutation_importance(net, frame, y, n_repeats=3, random_state=0).importances_mean
    assert importances[0] > 0.2
    assert np.abs(importances[1:]).max() < 0.05


def test_partial_dependence_follows_the_function(company):
    generator = np.random.default_rng(0)
    X = generator.uniform(-1, 1, (400, 3))
    net = NetRegressor(**LEARNT | {"max_epochs": 60}).fit(X, 3 * X[:, 0] - X[:, 1] ** 2)
    with company():
        up, bent, flat = (
            partial_dependence(net, X, [k], grid_resolution=20, percentiles=(0.05, 0.95)) for k in range(3)
        )
    values = up["grid_values"][0]
    np.testing.assert_allclose(up["average"][0], 3 * values - 1 / 3, atol=0.3)
    np.testing.assert_allclose(bent["average"][0], -(bent["grid_values"][0] ** 2), atol=0.3)
    assert np.ptp(flat["average"]) < 0.3
    each = partial_dependence(net, X[:50], [0], kind="individual", grid_resolution=20)["individual"]
    assert each.shape == (1, 50, 20)
    assert (each[0, :, -1] > each[0, :, 0] + 4).all()


def test_partial_dependence_of_probabilities_and_categories():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"colour": generator.choice(["red", "green", "blue"], 300), "number": generator.standard_normal(300)}
    )
    net = NetClassifier(**LEARNT).fit(frame, np.where(frame["colour"] == "red", "yes", "no"))
    dependence = partial_dependence(net, frame, ["colour"], categorical_features=["colour"])
    assert dependence["grid_values"][0].tolist() == ["blue", "green", "red"]
    blue, green, red = dependence["average"][0]
    assert red > 0.8
    assert max(blue, green) < 0.2


# ---- thresholds ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rare():
    X, codes = make_classification(400, 6, n_informative=4, weights=[0.85], flip_y=0.1, random_state=0)
    return X, np.array(["often", "rare"])[codes]


def test_fixed_thresholds(rare):
    X, y = rare
    net = NetClassifier(**LEARNT).fit(X, y)
    share = {}
    for threshold in (0.1, 0.5, 0.9):
        chosen = (
            FixedThresholdClassifier(FrozenEstimator(net), threshold=threshold, pos_label="rare").fit(X, y).predict(X)
        )
        np.testing.assert_array_equal(chosen == "rare", net.predict_proba(X)[:, 1] >= threshold)
        share[threshold] = (chosen == "rare").mean()
    assert share[0.1] > share[0.5] > share[0.9]


def test_tuned_thresholds(rare):
    """The threshold that scores best on folds; alone and in company the same."""
    X, y = rare
    scorer = make_scorer(f1_score, pos_label="rare")
    tuned = TunedThresholdClassifierCV(
        NetClassifier(**LEARNT), scoring=scorer, cv=3, thresholds=30, store_cv_results=True, random_state=0
    )
    alone = clone(tuned).fit(X, y)
    with sknet_hp.fused(over="inline"):
        together = clone(tuned).fit(X, y)
    assert alone.best_threshold_ == together.best_threshold_
    np.testing.assert_array_equal(alone.cv_results_["scores"], together.cv_results_["scores"])
    assert alone.best_score_ == alone.cv_results_["scores"].max()
    recall = make_scorer(recall_score, pos_label="rare")
    assert clone(tuned).set_params(scoring=recall).fit(X, y).best_threshold_ < alone.best_threshold_


# ---- in pipelines --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", NETS)
def test_frames_between_steps(problem, Net):
    X, y = problem(Net)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    pipeline = make_pipeline(StandardScaler(), Net(**SMALL)).set_output(transform="pandas").fit(frame, y)
    assert pipeline[-1].feature_names_in_.tolist() == list("abcdef")
    plain = make_pipeline(StandardScaler(), Net(**SMALL)).fit(frame, y)
    assert not hasattr(plain[-1], "feature_names_in_")
    np.testing.assert_array_equal(outputs(pipeline, frame), outputs(plain, frame))
    with pytest.raises(ValueError, match="feature names"):
        pipeline.predict(frame.rename(columns={"a": "z"}))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_mixed_columns_between_steps(library):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"colour": generator.choice(["red", "green", "blue"], 200), "number": generator.standard_normal(200)}
    )
    y = frame["colour"] == "red"
    columns = make_column_transformer(
        (StandardScaler(), ["number"]), remainder="passthrough", verbose_feature_names_out=False
    )
    with sklearn.config_context(transform_output=library):
        words = make_pipeline(columns, NetClassifier(**LEARNT)).fit(frame, y)
        assert words[-1].feature_names_in_.tolist() == ["number", "colour"]
        assert words.score(frame, y) == 1
    dense = make_column_transformer((OneHotEncoder(sparse_output=False), ["colour"]), remainder="passthrough")
    coded = make_pipeline(dense, NetClassifier(**LEARNT)).set_output(transform="pandas").fit(frame, y)
    assert coded[-1].n_features_in_ == 4
    assert coded.score(frame, y) == 1


# ---- on the screen -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", NETS)
def test_representation(problem, Net):
    X, y = problem(Net)
    net = Net(lr=0.125, width=17, max_epochs=1)
    for state in ("unfitted", "fitted"):
        assert repr(net) == f"{Net.__name__}(lr=0.125, max_epochs=1, width=17)"
        html = net._repr_mimebundle_()["text/html"]
        for part in (Net.__name__, "0.125"):
            assert part in html
        assert ("Not fitted" in html) == (state == "unfitted")
        whole = estimator_html_repr(make_pipeline(StandardScaler(), net))
        assert Net.__name__ in whole
        assert "StandardScaler" in whole
        net.fit(X, y)


# ---- copies --------------------------------------------------------------------------------------------------------


class Own(nn.Module):
    """A module of a user's own."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, n_outputs)
        )

    def forward(self, x):
        return self.layers(x)


KINDS = {
    "plain": {},
    "batch normalisation": {"normalization": "batch", "optimizer": "nesterov"},
    "resnet": {"module": "resnet", "normalization": "layer"},
    "tabm": {"module": "tabm", "n_heads": 4},
    "embeddings": {"num_embedding": "plr", "num_embedding_dim": 4},
    "members": {"n_members": 3},
    "stopping": {"early_stopping": True, "stopping_metric": "neg_log_loss", "lr_schedule": "plateau"},
    "own": {"module": Own},
    "verbose": {"verbose": 1},
}


def through_joblib(net, folder):
    joblib.dump(net, folder / "net.joblib")
    return joblib.load(folder / "net.joblib")


COPIES = {
    "pickle": lambda net, folder: pickle.loads(pickle.dumps(net)),
    "joblib": through_joblib,
    "deepcopy": lambda net, folder: copy.deepcopy(net),
    "copy": lambda net, folder: copy.copy(net),
}


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("kind", KINDS)
def test_copies_predict_and_train_on(classes, kind, copied, tmp_path):
    """As the original does, bit for bit: 3 epochs, a copy, and 4 more are 7."""
    X, y = classes
    parameters = SMALL | {"schedule_epochs": 7, "warm_start": True} | KINDS[kind]
    whole = NetClassifier(**parameters | {"max_epochs": 7}).fit(X, y)
    original = NetClassifier(**parameters | {"max_epochs": 3}).fit(X, y)
    net = COPIES[copied](original, tmp_path)
    np.testing.assert_array_equal(net.predict_proba(X), original.predict_proba(X))
    assert net.get_params() == original.get_params()
    before = original.parameters_.copy()
    net.set_params(max_epochs=7).fit(X, y)
    np.testing.assert_array_equal(net.parameters_, whole.parameters_)
    np.testing.assert_array_equal(net.predict_proba(X), whole.predict_proba(X))
    assert net.loss_curve_ == whole.loss_curve_
    np.testing.assert_array_equal(original.parameters_, before)  # the copy is one
    assert original.n_iter_ == 3
    assert len(original.history_) == 3


@pytest.mark.parametrize("copied", COPIES)
def test_copies_of_what_somebody_has_looked_into(numbers, copied, tmp_path):
    """`net_` is made when it is asked for, and kept."""
    X, y = numbers
    original = NetRegressor(**SMALL, warm_start=True).fit(X, y)
    expected, encoded = original.predict(X), original.encoder_.transform(X)
    assert original.net_.module_ is not None
    net = COPIES[copied](original, tmp_path)
    np.testing.assert_array_equal(net.predict(X), expected)
    np.testing.assert_array_equal(net.net_.predict(encoded), original.net_.predict(encoded))
    before = original.net_.predict(encoded)
    net.set_params(max_epochs=8).fit(X, y)
    assert not np.array_equal(net.net_.predict(encoded), before)
    np.testing.assert_array_equal(original.net_.predict(encoded), before)


def test_copies_of_pipelines(classes, tmp_path):
    X, y = classes
    pipeline = make_pipeline(StandardScaler(), NetClassifier(**SMALL)).fit(X, y)
    for copied in COPIES.values():
        np.testing.assert_array_equal(copied(pipeline, tmp_path).predict_proba(X), pipeline.predict_proba(X))


@pytest.mark.parametrize("kind", KINDS)
def test_clones_know_the_parameters_and_nothing_else(classes, kind):
    X, y = classes
    net = NetClassifier(**SMALL | KINDS[kind]).fit(X, y)
    again = clone(net)
    assert again.get_params() == net.get_params()
    assert not [name for name in vars(again) if name.endswith("_")]
    with pytest.raises(NotFittedError):
        again.predict(X)
    np.testing.assert_array_equal(again.fit(X, y).predict_proba(X), net.predict_proba(X))


def test_clones_share_no_parameter_that_can_change():
    net = NetClassifier(
        validation_split=GroupShuffleSplit(1, random_state=0),
        class_weight={0: 1.0},
        module_params={"a": [1]},
        callbacks=[],
    )
    again = clone(net)
    for name in ("validation_split", "class_weight", "module_params", "callbacks"):
        assert getattr(again, name) is not getattr(net, name)
    assert again.class_weight == net.class_weight


# ---- threads -------------------------------------------------------------------------------------------------------


def at_once(task, number=8):
    """Results of task(0), ..., task(number - 1), begun together in as many threads."""
    start, results = threading.Barrier(number), [None] * number

    def work(k):
        start.wait()
        results[k] = task(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("kind", KINDS)
def test_threads_predict_what_one_predicts(classes, kind):
    X, y = classes
    net = NetClassifier(**SMALL | KINDS[kind]).fit(X, y)
    parts = [np.ascontiguousarray(X[k : 200 + 10 * k]) for k in range(8)]
    expected = [net.predict_proba(part) for part in parts]
    for _ in range(5):
        for k, result in enumerate(at_once(lambda k: net.predict_proba(parts[k]))):
            np.testing.assert_array_equal(result, expected[k])


def test_threads_get_the_skorch_net_that_one_gets(numbers):
    X, y = numbers
    net = NetRegressor(**SMALL).fit(X, y)
    encoded = net.encoder_.transform(X)
    expected = clone(net).fit(X, y).net_.predict(encoded)
    for result in at_once(lambda k: net.net_.predict(encoded)):
        np.testing.assert_array_equal(result, expected)


def test_threads_train_what_one_trains(classes):
    X, y = classes
    expected = [NetClassifier(**SMALL | {"random_state": k}).fit(X, y).parameters_ for k in range(8)]
    for k, result in enumerate(at_once(lambda k: NetClassifier(**SMALL | {"random_state": k}).fit(X, y).parameters_)):
        np.testing.assert_array_equal(result, expected[k])
