import numpy as np
import pytest

from sknet_hp.search import HalvingSearchCV
from sknet_hp.search.checks.edges import find_edges
from tests.helpers.curves import draw_table
from tests.helpers.search_cases import make_case
from tests.helpers.small_searches import NET

X, y = draw_table()

LRS = np.geomspace(1e-4, 1e-1, 13)[::-1]  # from the best on, if the best is at the upper edge


def check(values, name="lr", space=None, **more):
    """Candidates from the best to the worst."""
    scores = np.linspace(0.9, 0.5, len(values))
    return list(find_edges(make_case(scores, [{name: value} for value in values], space=space, **more)))


def test_the_upper_edge_of_rates():
    [finding] = check(LRS)
    assert finding.severity == "warning"
    assert finding.remedy == {"param_distributions": {"lr": (1e-4, 3.2, "log-uniform")}}
    assert finding.evidence["lr"]["edge"] == "upper"
    assert "lr=0.1 is at the upper edge of 0.0001 to 0.1" in finding.message


def test_the_lower_edge_of_rates():
    [finding] = check(LRS[::-1])
    assert finding.remedy == {"param_distributions": {"lr": (3.2e-6, 0.1, "log-uniform")}}


def test_one_lucky_value_at_an_edge_is_chance():
    assert not check([1e-1, *np.random.default_rng(0).permutation(LRS[1:])])
    assert not check([1e-1, *LRS[::-1][:-1]]), "all others say the opposite"


def test_the_middle_is_no_edge():
    assert not check(sorted(LRS, key=lambda lr: abs(np.log10(lr) + 2.5)))


def test_no_room_beyond():
    """Dropout has no values below 0, and never reaches 1."""
    values = np.linspace(0, 0.5, 11)
    assert not check(values, "dropout", {"dropout": (0.0, 0.5)})
    [finding] = check(values[::-1], "dropout", {"dropout": (0.0, 0.5)})
    assert finding.remedy["param_distributions"]["dropout"] == (0.0, 0.75)
    [finding] = check(np.linspace(0, 0.9, 11)[::-1], "dropout", {"dropout": (0.0, 0.9)})
    assert finding.remedy["param_distributions"]["dropout"] == (0.0, 0.95)


SERIES = {
    "factors": ([1e-3, 1e-2, 1e-1], [1e-3, 1e-2, 1e-1, 1.0, 10.0]),
    "steps": ([1, 2, 3], [1, 2, 3, 4, 5]),
    "powers": ([32, 64, 128], [32, 64, 128, 256, 512]),
}


@pytest.mark.parametrize(("values", "wider"), SERIES.values(), ids=SERIES)
def test_a_series_of_choices_goes_on(values, wider):
    name = "lr" if isinstance(values[0], float) else "width"
    [finding] = check(values[::-1], name, {name: values})
    assert finding.remedy == {"param_distributions": {name: wider}}


def test_of_two_choices_one_is_always_the_best():
    assert not check([64, 32, 32, 64], "width", {"width": [32, 64]})
    assert not check(["relu", "silu", "tanh"], "activation", {"activation": ["relu", "silu", "tanh"]})


def test_one_beyond_the_edge_counts():
    """The estimator's own, say."""
    [finding] = check([0.5, *LRS])
    assert finding.evidence["lr"]["best"] == 0.5


def test_only_the_branch_of_the_best_is_changed():
    space = [{"lr": (1e-4, 1e-1, "log-uniform"), "optimizer": ["sgd"]}, {"lr": (1e-4, 1e-1, "log-uniform")}]
    scores = np.linspace(0.9, 0.5, len(LRS))
    params = [{"lr": lr, "optimizer": "sgd"} for lr in LRS]
    [finding] = find_edges(make_case(scores, params, space=space))
    assert finding.remedy["param_distributions"] == [{**space[0], "lr": (1e-4, 3.2, "log-uniform")}, space[1]]


def test_who_got_further_is_better():
    """A candidate that was dropped early may have a higher score than the winner."""
    rows = [0.4, 0.3, 0.2, 0.1, *np.linspace(0.9, 0.5, 9)]
    resources = np.where(np.arange(13) < 4, 27, 1)
    [finding] = find_edges(make_case(rows, [{"lr": lr} for lr in LRS], n_resources=resources))
    assert finding.evidence["lr"] == {"best": 0.1, "edge": "upper", "wider": (1e-4, 3.2, "log-uniform")}


def test_the_remedy_is_a_search_that_can_be_fitted():
    search = HalvingSearchCV(
        NET,
        {"lr": (1e-6, 1e-4, "log-uniform")},
        n_candidates=12,
        initial_candidates=None,
        scoring="neg_log_loss",
        cv=2,
        random_state=0,
    ).fit(X, y)
    wider = search.findings_.of("edge_of_space")[0].apply(search)
    assert wider.param_distributions["lr"][1] > 1e-4
    assert wider.fit(X, y).best_params_["lr"] > search.best_params_["lr"]


def test_a_value_outside_of_the_space_is_not_at_its_edge():
    [finding] = check([1.0, *LRS])  # as that of the untuned estimator may be
    assert finding.message == (
        "The best candidate is outside the space: lr=1 is beyond the upper edge of 0.0001 to 0.1."
    )
    assert "lr: (0.0001, 3.2, 'log-uniform')" in finding.advice
