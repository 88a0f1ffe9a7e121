"""Pipelines whose first steps are the same for all candidates: fitted once for each
split, with the numbers of fitting them each time.
"""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

from sknet_hp import NetClassifier
from sknet_hp.search import HalvingSearchCV
from tests.helpers.curves import draw_table

pytestmark = pytest.mark.timeout(120)

X, y = draw_table()
CV = StratifiedKFold(2)
NET = NetClassifier(
    width=8,
    n_layers=1,
    max_epochs=9,
    batch_size=16,
    dropout=0.1,
    lr_schedule="cosine",
    early_stopping=False,
    random_state=0,
)
LR = {"netclassifier__lr": [1e-3, 1e-2]}


class Counting(TransformerMixin, BaseEstimator):
    """Standardises, and counts its fits."""

    fits = []  # noqa: RUF012

    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, X, y=None):
        Counting.fits.append(len(X))
        self.mean_, self.scale_ = X.mean(axis=0), X.std(axis=0) / self.factor
        return self

    def transform(self, X):
        return (X - self.mean_) / self.scale_


def piped(**parameters):
    pipeline = make_pipeline(Counting(), NET)
    parameters = {"cv": CV, "min_resources": 1, "n_candidates": "grid", "refit": False} | parameters
    return HalvingSearchCV(pipeline, {"netclassifier__lr": [1e-3, 1e-2, 0.1]}, **parameters)


def test_preprocessing_is_fitted_once_a_split():
    Counting.fits.clear()
    with joblib.parallel_config("sequential"):
        search = piped().fit(X, y)
        assert Counting.fits == [30, 30]
        other = piped()
        other.param_distributions["counting__factor"] = [1.0]
        other.fit(X, y)
    assert len(Counting.fits) > 2 + 8 - 1, "where its own parameters are searched, each candidate has its own"
    scores = [f"split{k}_test_score" for k in range(2)]
    assert [search.cv_results_[name].tolist() for name in scores] == [
        other.cv_results_[name].tolist() for name in scores
    ]


def test_parameters_of_first_steps_among_the_initial_candidates():
    """They are none of the space, and yet its candidates differ in them."""
    search = piped(initial_candidates=[{"netclassifier__lr": 0.02, "counting__factor": 2.0}]).fit(X, y)
    assert search.cv_results_["params"][0]["counting__factor"] == 2.0
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("frames", ["pandas", "polars", "sparse", "list"])
def test_shared_preprocessing_of_other_tables(frames):
    import pandas as pd
    import polars as pl
    from scipy import sparse

    made = {
        "pandas": lambda: pd.DataFrame(X, index=np.arange(60)[::-1]),
        "polars": lambda: pl.DataFrame(X, schema=list("abcd")),
    }
    made |= {"sparse": lambda: sparse.csr_array(X), "list": X.tolist}
    scaler = StandardScaler(with_mean=frames != "sparse")
    if frames in ("pandas", "polars"):
        scaler.set_output(transform=frames)
    pipeline = make_pipeline(scaler, NET)
    parameters = {"cv": CV, "min_resources": 1, "n_candidates": "grid"}
    shared = HalvingSearchCV(pipeline, {"netclassifier__lr": [1e-3, 1e-2, 0.1]}, **parameters).fit(made[frames](), y)
    alone = HalvingSearchCV(
        pipeline, {"netclassifier__lr": [1e-3, 1e-2, 0.1], "standardscaler__copy": [True]}, **parameters
    ).fit(made[frames](), y)
    assert shared.cv_results_["mean_test_score"].tolist() == alone.cv_results_["mean_test_score"].tolist()
    assert np.array_equal(shared.predict_proba(made[frames]()), alone.predict_proba(made[frames]()))


def test_train_scores_where_training_rows_are_encoded_otherwise():
    """TargetEncoder gives other numbers while it is fitted than afterwards; scores are
    of the latter.
    """
    codes = (X[:, :1] > 0.3).astype(int) + (X[:, :1] > -0.3)
    pipeline = make_pipeline(TargetEncoder(cv=StratifiedKFold(2)), SGDClassifier(random_state=0))
    parameters = {
        "resource": "sgdclassifier__max_iter",
        "max_resources": 9,
        "n_candidates": "grid",
        "cv": CV,
        "return_train_score": True,
    }
    space = {"sgdclassifier__alpha": [1e-3, 1e-2]}
    with pytest.warns(Warning, match="Maximum number of iteration"):
        shared = HalvingSearchCV(pipeline, space, **parameters).fit(codes, y)
    with pytest.warns(Warning, match="Maximum number of iteration"):
        alone = HalvingSearchCV(pipeline, space | {"targetencoder__smooth": ["auto"]}, **parameters).fit(codes, y)
    for name in ("mean_train_score", "mean_test_score"):
        assert shared.cv_results_[name].tolist() == alone.cv_results_[name].tolist()


def test_with_rows_as_the_resource_preprocessing_sees_no_more_rows_than_its_network():
    """It was fitted once, on all rows."""
    pipeline = make_pipeline(Counting(), LogisticRegression())
    Counting.fits.clear()
    search = HalvingSearchCV(
        pipeline,
        {"logisticregression__C": [0.1, 1.0, 10.0]},
        resource="n_samples",
        min_resources=10,
        cv=CV,
        n_candidates="grid",
    )
    with joblib.parallel_config("sequential"):
        search.set_params(random_state=0, refit=False).fit(X, y)
    assert Counting.fits == [10] * 6 + [30] * 2


# ---- where it can not be done --------------------------------------------------------------------------------------


def halving(pipeline, X, y, **parameters):
    search = HalvingSearchCV(
        pipeline, LR, n_candidates="grid", initial_candidates=None, min_resources=9, cv=CV, **parameters
    )
    return search.fit(X, y).cv_results_["mean_test_score"]


def grid(pipeline, X, y, **parameters):
    return GridSearchCV(pipeline, LR, cv=CV, **parameters).fit(X, y).cv_results_["mean_test_score"]


def test_a_scorer_that_looks_at_rows_sees_those_that_were_given():
    frame = pd.DataFrame(X, columns=list("abcd"))

    def weighted(estimator, X, y):
        assert "standardscaler" in estimator.named_steps
        return accuracy_score(y, estimator.predict(X), sample_weight=np.exp(X["c"]))

    pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), NET)
    assert halving(pipeline, frame, y, scoring=weighted).tolist() == grid(pipeline, frame, y, scoring=weighted).tolist()


def test_categories_that_differ_between_the_parts_stay_categories():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"zip": rng.permutation(60), "x": rng.normal(size=60)})
    pipeline = make_pipeline(FunctionTransformer(lambda X: X.astype({"zip": "category"})), NET)
    y = frame["zip"] % 2
    assert halving(pipeline, frame, y).tolist() == grid(pipeline, frame, y).tolist()


def test_series_and_lists():
    frame = pd.DataFrame({"text": ["red box", "blue box"] * 30, "x": X[:, 0]})

    class Length(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            self.fitted_ = True
            return self

        def transform(self, X):
            return [[len(cell)] for cell in X]

    pipeline = make_pipeline(FunctionTransformer(lambda X: X["text"]), Length(), NET)
    assert halving(pipeline, frame, y).tolist() == grid(pipeline, frame, y).tolist()


def test_first_steps_that_fail_in_one_split_cost_that_split():
    frame = pd.DataFrame({"c": ["a", "b"] * 30, "x": X[:, 0]})
    frame.loc[5, "c"] = "rare"
    pipeline = make_pipeline(OneHotEncoder(sparse_output=False), NET)
    with pytest.warns(UserWarning, match="Scoring failed"):
        got = halving(pipeline, frame[["c"]], y, error_score=0.0)
    with pytest.warns(UserWarning, match="Scoring failed"):
        want = grid(pipeline, frame[["c"]], y, error_score=0.0)
    assert got.tolist() == want.tolist()
