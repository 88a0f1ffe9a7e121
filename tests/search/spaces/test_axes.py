"""Spaces as models see them: every candidate is a vector, and the vector is the
candidate.
"""

import numpy as np
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from scipy import stats

from sknet_hp.search.searchers.bohb import _count_levels
from sknet_hp.search.spaces.axes import Axes
from sknet_hp.search.spaces.dimensions import Choice
from sknet_hp.search.spaces.space import Space

MIXED = {
    "lr": (1e-4, 1e-1, "log-uniform"),
    "width": (8, 64),
    "depth": stats.randint(1, 5),
    "layers": [(32,), (64, 64), None],
    "same": ["one"],
    "kind": np.array(["a", "b"]),
    "beta": stats.beta(2, 3),
}
CONDITIONAL = [
    {"opt": ["adam"], "lr": (1e-4, 1e-1, "log-uniform"), "beta": (0.5, 0.999)},
    {"opt": ["sgd", "nag"], "lr": (1e-4, 1e-1, "log-uniform"), "momentum": [0.0, 0.9]},
    {"opt": ["sgd", "nag"], "lr": (1e-1, 1.0, "log-uniform"), "momentum": [0.0, 0.9]},
]


def test_steps_are_one_coordinate_in_their_order():
    """Optuna's stepped distributions were choices without an order to TPE and BOHB."""
    space = Space(
        {"width": IntDistribution(8, 64, step=8), "dropout": FloatDistribution(0.0, 0.3, step=0.1), "kind": ["a", "b"]}
    )
    candidates = [{"width": 8 * (k + 1), "dropout": [0.0, 0.1, 0.2, 0.3][k % 4], "kind": "a"} for k in range(8)]
    vectors = [space.encode(params) for params in candidates]
    assert [vector[0] for vector in vectors] == [(k + 0.5) / 8 for k in range(8)]
    assert [space.decode(vector) for vector in vectors] == candidates
    assert [space.decode(np.array([u, u, 0]))["width"] for u in (0.0, 0.124, 0.126, 1.0)] == [8, 8, 16, 64]
    assert np.isnan(space.encode({"width": 9, "dropout": 0.1, "kind": "a"})[0])
    assert list(_count_levels(space)) == [0, 0, 2]
    assert space.size == 64
    width, dropout, kind = Axes(space).list_varied()
    assert (width.n_categories, dropout.n_categories, kind.n_categories) == (None, None, 2)
    assert [width.decode(k) for k in range(8)] == [params["width"] for params in candidates]


@pytest.mark.parametrize("given", [MIXED, CONDITIONAL], ids=["mixed", "conditional"])
def test_decode_undoes_encode(given):
    space = Space(given)
    for params in space.sample(60, np.random.RandomState(0)):
        vector = space.encode(params)
        assert vector.shape == (len(space.coordinates),)
        back = space.decode(vector)
        assert back.keys() == params.keys()
        for name, value in params.items():
            if isinstance(value, float):
                assert back[name] == pytest.approx(value, rel=1e-9)
            else:
                assert back[name] == value
                assert type(back[name]) is type(value)


def test_ranges_are_coordinates_in_the_unit_interval_on_their_scale():
    space = Space({"lr": (1e-4, 1e-1, "log-uniform"), "width": (1, 10)})
    assert space.encode({"lr": 1e-4, "width": 1}) == pytest.approx([0, 0.05])
    assert space.encode({"lr": 1e-2, "width": 10}) == pytest.approx([2 / 3, 0.95])


@pytest.mark.parametrize("given", [(1, 10), stats.randint(1, 11)], ids=["tuple", "SciPy"])
def test_whole_numbers_are_in_the_middle_of_what_they_own(given):
    space = Space({"width": given})
    for width in range(1, 11):
        u = space.encode({"width": width})
        assert u == pytest.approx([(width - 0.5) / 10])
        assert [space.decode(u + shift)["width"] for shift in (-0.049, 0.049)] == [width, width]


def test_choices_are_numbered_and_types_kept_apart():
    space = Space({"flag": [1, True, 1.0, "1", None]})
    assert [space.encode({"flag": value})[0] for value in (1, True, 1.0, "1", None)] == [0, 1, 2, 3, 4]


def test_what_has_one_value_is_no_coordinate_but_is_in_every_candidate():
    space = Space({"same": ["one"], "kind": ["a", "b"]})
    assert len(space.coordinates) == 1
    assert space.decode(np.array([1.0])) == {"same": "one", "kind": "b"}


def test_branches_are_a_choice_and_share_what_they_say_alike():
    space = Space(CONDITIONAL)
    branch, lr, beta, opt, momentum, other_lr = space.coordinates
    assert isinstance(branch, Choice)
    assert branch.values == [0, 1, 2]
    assert (lr.low, other_lr.low) == (1e-4, 1e-1)
    assert (opt.values, momentum.values, beta.high) == (["sgd", "nag"], [0.0, 0.9], 0.999)
    adam = space.encode({"opt": "adam", "lr": 1e-4, "beta": 0.999})
    assert adam == pytest.approx([0, 0, 1, np.nan, np.nan, np.nan], nan_ok=True)
    assert space.encode({"opt": "nag", "lr": 1.0, "momentum": 0.9}) == pytest.approx(
        [2, np.nan, np.nan, 1, 1, 1], nan_ok=True
    )


def test_decode_looks_only_at_what_the_branch_has():
    space = Space(CONDITIONAL)
    full = np.array([1, 0.5, 0.5, 0, 1, 0.5])
    assert space.decode(full) == {"opt": "sgd", "lr": pytest.approx(10**-2.5), "momentum": 0.9}


def test_values_that_the_space_has_not_have_no_coordinate():
    space = Space({"lr": (1e-4, 1e-1, "log-uniform"), "kind": ["a", "b"]})
    assert np.isnan(space.encode({"lr": None, "kind": "c"})).all()
    assert np.isnan(space.encode({})).all()
    assert space.encode({"lr": 5.0, "kind": "a"}) == pytest.approx([1, 0]), "numbers beyond the bounds count as at them"


def test_a_distribution_without_quantiles_is_refused_only_by_models():
    class Drawn:
        def rvs(self, random_state=None):
            return 0.5

    space = Space({"lr": Drawn()})
    assert space.sample(1, np.random.RandomState(0)) == [{"lr": 0.5}]
    with pytest.raises(ValueError, match=r"'lr'.*no methods `cdf` and `ppf`"):
        space.encode({"lr": 0.5})
    with pytest.raises(ValueError, match=r"'lr'.*no methods `cdf` and `ppf`"):
        Axes(space)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("values", [[1, 5, 9], [0.1, 0.5, 2.5]])
def test_discrete_values_of_scipy(frozen, values):
    """Numbers that are not whole were cut to whole ones, and whole ones of a
    distribution that is not frozen came as floats.
    """
    distribution = stats.rv_discrete(values=(values, [0.2, 0.3, 0.5]))
    space = Space({"a": distribution() if frozen else distribution})
    for value in values:
        for seen in (
            space.decode(space.encode({"a": value}))["a"],
            Axes(space).decode(Axes(space).encode({"a": value}))["a"],
        ):
            assert (seen, type(seen)) == (value, type(value))
