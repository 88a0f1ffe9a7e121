"""Model cards say what is known of a model, and what is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sknet_hp import NetClassifier, NetRegressor, card
from sknet_hp.estimators.averaged import AveragedRegressor
from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.sharing.cards.markdown import write_table
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_table

NET = NetClassifier(**SMALL)


@pytest.fixture(scope="module")
def problem():
    X, y = make_table(150)
    return X.assign(member=X["age"] > 40), pd.Series(y, name="bought")


@pytest.fixture(scope="module")
def search(problem):
    return GridSearchCV(NET, {"lr": [1e-3, 1e-2]}, cv=2, scoring="neg_log_loss").fit(*problem)


def read_section(text, heading):
    return text.split(f"## {heading}\n\n", 1)[1].split("\n\n## ", 1)[0]


def test_a_network_alone(problem):
    text = str(card(NET.fit(*problem)))
    assert text.startswith("---\nlibrary_name: sknet_hp\npipeline_tag: tabular-classification\ntags:\n")
    assert "\n# NetClassifier\n" in text
    assert "Predicts the target, one of 2 classes (`no` and `yes`) from 5 columns of a table." in text
    assert f"a neural network (mlp) of {NET.parameters_.shape[1]:,} weights" in text
    assert read_section(text, "How good it is").startswith("Not measured.")
    assert read_section(text, "The data") == "5 columns: `age`, `income`, `city`, `score`, `member`."
    assert "| `width` | 16 | given |" in read_section(text, "Parameters")
    assert read_section(text, "Findings") == "No checks were made."
    assert "scikit-learn" in read_section(text, "Versions")


def test_a_search_with_its_evaluation_and_its_data(search, problem):
    X, y = problem
    evaluation = nested_cross_validate(search, X, y, cv=2, scoring=["neg_log_loss", "accuracy"], random_state=0)
    text = str(card(search, evaluation=evaluation, X=X, y=y, license="mit", limits="Not for loans."))
    assert "\nlicense: mit\n" in text
    assert "\n# Predicting bought\n" in text
    scores = read_section(text, "How good it is")
    assert f"| log loss | {-evaluation.get_scores('neg_log_loss').mean():.4f} |" in scores
    assert f"log loss {-search.best_score_:.4f}, the best of 2 results" in scores
    assert "expect the score in the table above" in scores
    data = read_section(text, "The data")
    assert "- Rows: 150" in data
    assert "| `city` | category | Bonn, Graz, Lyon |  |" in data
    assert "| `member` | yes or no | False, True |  |" in data
    assert f"| {100 * X['score'].isna().mean():.1f} % |" in data
    assert f"| `lr` | {search.best_params_['lr']:.3g} | chosen by the search |" in read_section(text, "Parameters")
    assert "It was trained on only 150 rows" in read_section(text, "Limits")
    assert read_section(text, "Limits").startswith("Not for loans.")
    for finding in evaluation.findings:
        assert f"`{finding.code}`" in read_section(text, "Findings")


def test_a_search_alone_says_that_its_score_is_too_good(search):
    scores = read_section(str(card(search)), "How good it is")
    assert "chosen by this number, so on new rows expect a worse score" in scores


def test_cells_of_columns_with_many_values_are_not_shown(problem):
    X, y = problem
    X = X.assign(name=[f"Person {number}" for number in range(len(X))])
    text = str(card(NetClassifier(**SMALL).fit(X, y), X=X, y=y))
    assert "| `name` | text | 150 different |  |" in text
    assert "Person" not in text


def test_dates_are_named_as_dates(problem):
    X, y = problem
    days = pd.date_range("2020-01-01", periods=len(X))
    X = X[["age"]].assign(seen=days, written=days.astype(str))
    text = str(card(NetClassifier(**SMALL).fit(X, y), X=X, y=y))
    assert "| `seen` | date | 2020-01-01 to 2020-05-29 |  |" in text
    assert "| `written` | date | 2020-01-01 to 2020-05-29 |  |" in text


def test_a_regressor_in_a_pipeline(problem):
    X = problem[0]
    model = make_pipeline(FunctionTransformer(), NetRegressor(n_members=2, **SMALL)).fit(X, X["income"])
    text = str(card(model, y=X["income"]))
    assert "pipeline_tag: tabular-regression" in text
    assert "Predicts `income`, a number" in text
    assert "a pipeline that ends with 2 neural networks (mlp), averaged" in text
    assert "| `netregressor__width` | 16 | given |" in text
    assert "| `steps`" not in text


def test_an_average(problem):
    X = problem[0]
    model = AveragedRegressor([("a", NetRegressor(**SMALL)), ("b", NetRegressor(**SMALL))]).fit(X, X["income"])
    text = str(card(model))
    assert "It is the average of 2 networks." in text
    assert "| `a__width` | 16 | given |" in text


def test_arrays_without_names():
    X = np.random.default_rng(0).normal(size=(60, 3))
    net = NetClassifier(random_state=0, max_epochs=1).fit(X, X[:, 0] > 0)
    text = str(card(net, X=X, y=X[:, 0] > 0, name="Signs", description="For signs."))
    assert "\n# Signs\n" in text
    assert "\n\nFor signs.\n\n" in text
    assert "| `2` | number |" in text
    assert read_section(str(card(net)), "The data") == "3 columns without names."


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("a.onnx", 'run_onnx("a.onnx", X)'),
        ("a.skops", 'skops.io.load("a.skops"'),
        ("a.sknet", 'sknet_hp.load("a.sknet")'),
    ],
)
def test_code_to_load_it(file, code, problem):
    assert code in read_section(str(card(NET.fit(*problem), file=file)), "How to use it")


def test_it_is_saved_and_shown(tmp_path, problem):
    made = card(NET.fit(*problem))
    path = made.save(tmp_path / "CARD.md")
    assert path.read_text(encoding="utf-8") == str(made)
    assert made._repr_markdown_().lstrip().startswith("# NetClassifier")


def test_an_evaluation_of_another_kind_is_refused(problem):
    scores = cross_validate(NET, *problem, cv=2)
    with pytest.raises(TypeError, match="got dict"):
        card(NET.fit(*problem), evaluation=scores)


def test_a_model_must_be_fitted():
    with pytest.raises(NotFittedError):
        card(NetClassifier())


def test_cells_of_tables_are_escaped():
    assert write_table(("a",), [["x | y\nz"]]).splitlines()[-1] == "| x \\| y z |"
