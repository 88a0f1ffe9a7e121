"""Model cards say what is known of a model, and what is not."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import StackingClassifier, VotingClassifier, VotingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sknet_hp import NetClassifier, NetRegressor, card
from sknet_hp.estimators.averaged import AveragedRegressor
from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.findings import Finding
from sknet_hp.search import HalvingSearchCV
from sknet_hp.sharing.cards.markdown import write_code, write_table
from sknet_hp.sharing.cards.scores import Measured, Score, collect_findings
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
    assert "| `width` | 16 |\n" in read_section(text, "Parameters")
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
    assert f"log loss {-search.best_score_:.4f}, the best of 2 candidates" in scores
    assert "expect the score in the table above" in scores
    data = read_section(text, "The data")
    assert "- Rows: 150" in data
    assert "| `city` | category | Bonn, Graz, Lyon |  |" in data
    assert "| `member` | yes or no | False, True |  |" in data
    assert f"| {100 * X['score'].isna().mean():.1f} % |" in data
    assert f"| `lr` | {search.best_params_['lr']:.3g} | chosen by the search |" in read_section(text, "Parameters")
    assert "It was trained on only 150 rows" in read_section(text, "Limits")
    assert read_section(text, "Limits").startswith("Not for loans.")
    assert "expected calibration error" in read_section(text, "Limits")
    assert "may not be calibrated" not in text
    for finding in evaluation.findings:
        assert f"`{finding.code}`" in read_section(text, "Findings")


def test_a_finding_of_the_evaluation_and_of_the_search_is_named_once():
    first, second = (Finding("duplicate_rows", "info", f"{n} rows.", evidence={}, advice="") for n in (2, 3))
    other = Finding("near_ties", "info", "Close.", evidence={}, advice="")
    evaluation, search = Measured([], 2, True, [first]), SimpleNamespace(findings_=[second, other])
    assert [each.message for each in collect_findings(evaluation, search)] == ["2 rows.", "Close."]


def test_scores_of_other_models_stand_beside(problem):
    measured = Measured(
        [Score("accuracy", 0.81, 0.79, 0.82)], 5, True, beside=[("constant", Score("accuracy", 0.73, 0.72, 0.74))]
    )
    scores = read_section(str(card(NET.fit(*problem), evaluation=measured)), "How good it is")
    assert "| constant | accuracy | 0.7300 | 0.7200 to 0.7400 |" in scores


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
    assert "| `netregressor__width` | 16 |" in text
    assert "| `steps`" not in text


def test_an_average(problem):
    X = problem[0]
    model = AveragedRegressor([("a", NetRegressor(**SMALL)), ("b", NetRegressor(**SMALL))]).fit(X, X["income"])
    text = str(card(model))
    assert "It is the average of 2 networks." in text
    own = read_section(text, "Parameters")
    assert "given" not in text
    assert own.startswith("The 2 networks have the same settings: ")
    assert "width=16" in own


def test_members_with_the_same_settings_are_one_row(problem):
    X = problem[0]
    wide = {**SMALL, "width": 24, "random_state": 5}
    named = [("a", NetRegressor(**SMALL)), ("b", NetRegressor(**wide)), ("c", NetRegressor(**wide))]
    own = read_section(str(card(AveragedRegressor(named, weights=[0.4, 0.3, 0.3]).fit(X, X["income"]))), "Parameters")
    rows = own.split("\n\n")[0].splitlines()
    assert rows[2:] == ["| 2 | 60.0 % | width=24 |", "| 1 | 40.0 % | width=16 |"]
    assert "width" not in own.split("\n\n")[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"loss": "quantile", "quantile": 0.9}, "Predicts the 0.9 quantile of `income`, a number from"),
        ({"loss": "mae"}, "Predicts the median of `income`, a number from"),
        ({"loss": "poisson"}, "Predicts `income`, a count from"),
    ],
)
def test_losses_say_what_is_predicted(settings, said, problem):
    X = problem[0]
    net = NetRegressor(**SMALL, **settings).fit(X, X["income"].round().abs())
    assert said in str(card(net, target="income"))
    assert said in str(card(VotingRegressor([("a", net), ("b", net)]).fit(X, X["income"].abs()), target="income"))


def test_several_targets_and_several_labels(problem):
    X = problem[0]
    several = np.column_stack([X["age"] > 40, X["income"] > X["income"].mean()])
    text = str(card(NetClassifier(**SMALL).fit(X, several.astype(int))))
    assert "any of 2 labels (`0` and `1`) from" in text
    assert "always predicts one of these classes" not in text
    numbers = NetRegressor(**SMALL).fit(X, X[["age", "income"]])
    assert "Predicts the target, 2 numbers from" in str(card(numbers))
    text = str(card(MultiOutputClassifier(NET).fit(X, np.column_stack([problem[1], problem[1]]))))
    assert "Predicts the target, 2 labels per row from" in text
    assert "It is a MultiOutputClassifier of scikit-learn." in text


def test_only_averages_are_called_so(problem):
    named = [("a", NET), ("b", NET)]
    assert "the average of 2 networks" in str(card(VotingClassifier(named, voting="soft").fit(*problem)))
    assert "It is a VotingClassifier of scikit-learn." in str(card(VotingClassifier(named).fit(*problem)))
    assert "It is a StackingClassifier of" in str(card(StackingClassifier(named, cv=2).fit(*problem)))


def test_a_threshold_is_named(problem):
    model = FixedThresholdClassifier(NET, threshold=0.2, pos_label="no", response_method="predict_proba").fit(*problem)
    assert "It predicts `no` from a probability of 0.2 on." in str(card(model))


def test_searches_of_scikit_learn_check_nothing(search, problem):
    assert read_section(str(card(search)), "Findings") == "No checks were made."
    chosen = GridSearchCV(NET, {"lr": [1e-3, 1e-2]}, cv=2, refit=lambda results: 1).fit(*problem)
    text = str(card(chosen))
    assert "It was chosen from 2 candidates by a rule of the search's own" in read_section(text, "How good it is")
    assert "| `lr` | 0.01 | chosen by the search |" in text


def test_a_search_at_the_end_of_a_pipeline(search, problem):
    text = str(card(make_pipeline(FunctionTransformer(), search).fit(*problem)))
    assert "one of 2 classes (`no` and `yes`) from" in text
    assert "It is a pipeline that ends with a neural network (mlp)" in text
    assert "The search that chose it reported log loss" in text
    assert "| `gridsearchcv__lr` | " in text
    assert text.count("chosen by the search |") == 1


@pytest.mark.parametrize(
    ("checks", "said"), [(False, "No checks were made."), (["near_ties"], "The checks that were made found nothing.")]
)
def test_checks_that_were_left_out_are_not_claimed(checks, said, problem):
    search = HalvingSearchCV(NET, {"lr": [1e-3, 1e-2]}, cv=2, max_resources=2, checks=checks, random_state=0).fit(
        *problem
    )
    assert read_section(str(card(search)), "Findings") == said


def test_rows_that_can_not_be_those_of_training_are_refused(problem):
    X, y = problem
    net = NET.fit(X, y)
    with pytest.raises(ValueError, match="X has 150 rows and 1 column, but the model takes 5 columns"):
        card(net, X=X[["age"]], y=y)
    with pytest.raises(ValueError, match="X has 0 rows"):
        card(net, X=X[:0])
    with pytest.raises(ValueError, match="y has 10 values and X has 150 rows"):
        card(net, X=X, y=y[:10])


def test_durations_are_seconds(problem):
    X, y = problem
    X = X[["age"]].assign(waited=pd.to_timedelta(np.arange(len(X)), unit="min"))
    text = str(card(NetClassifier(**SMALL).fit(X, y), X=X, y=y))
    assert "| `waited` | seconds | 0 to 8,940 |  |" in text


def test_cells_are_no_html(problem):
    X, y = problem
    X = X[["age"]].assign(**{"<b>": np.where(X["age"] > 40, "<img src=x>", "a*b`c")})
    text = str(card(NetClassifier(**SMALL).fit(X, y), X=X, y=y.rename("<i>"), license="a: b"))
    assert "| `<b>` | category | \\<img src=x>, a\\*b\\`c |  |" in text
    assert "# Predicting \\<i>\n" in text
    assert "- Target: \\<i>\n" in text
    assert '\nlicense: "a: b"\n' in text


@pytest.mark.parametrize(("text", "code"), [("a", "`a`"), ("a`b", "``a`b``"), ("`a``", "``` `a`` ```")])
def test_code_may_hold_backticks(text, code):
    assert write_code(text) == code


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
