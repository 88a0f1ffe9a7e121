"""Which candidate is the estimator as it is."""

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp.search import HalvingSearchCV, PBTSearchCV
from sknet_hp.search.base.initial import find_current
from sknet_hp.search.spaces.space import Space
from tests.helpers.curves import Curve, draw_table

X, y = draw_table()


def test_its_own_values_also_outside_the_space():
    assert find_current(LogisticRegression(C=7.0), Space({"C": (0.1, 1.0)})) == {"C": 7.0}


def test_names_of_one_branch():
    net = LogisticRegression(C=7.0, solver="saga", l1_ratio=0.5)
    space = [{"solver": ["lbfgs"], "C": (0.1, 10.0)}, {"solver": ["saga"], "C": (0.1, 10.0), "l1_ratio": (0.0, 1.0)}]
    assert find_current(net, Space(space)) == {"solver": "saga", "C": 7.0, "l1_ratio": 0.5}
    assert find_current(net.set_params(solver="lbfgs"), Space(space)) == {"solver": "lbfgs", "C": 7.0}
    assert find_current(net.set_params(solver="sag"), Space(space)) == {"solver": "sag", "C": 7.0}


def test_what_the_estimator_has_not_yet():
    space = [{"last": [Ridge()], "last__alpha": [1.0]}, {"last": [LogisticRegression()], "last__C": [1.0]}]
    own = LogisticRegression()
    assert find_current(Pipeline([("last", own)]), Space(space))["last"] is own
    assert find_current(Pipeline([("last", own)]), Space([space[0]])) is None
    for unknown in (None, "passthrough"):
        assert find_current(Pipeline([("first", StandardScaler()), ("last", unknown)]), Space(space)) is None


def test_it_takes_the_place_of_a_draw():
    search = HalvingSearchCV(
        Curve(index=5, max_epochs=9), {"index": list(range(9))}, n_candidates=5, cv=2, random_state=0
    )
    assert search.fit(X, y).n_candidates_ == 5
    assert search.cv_results_["params"][0]["index"] == 5
    assert search.set_params(initial_candidates=None).fit(X, y).cv_results_["params"][0]["index"] != 5


def test_a_grid_has_it_beside_its_own():
    search = HalvingSearchCV(Curve(index=50, max_epochs=9), {"index": [1, 2, 3]}, n_candidates="grid", cv=2)
    assert search.fit(X, y).n_candidates_ == 4
    search.set_params(estimator__index=2)
    assert search.fit(X, y).n_candidates_ == 3


class Fixed(Curve):
    """Refuses another option when it is trained on."""

    def fit(self, X, y):
        if self.warm_start and getattr(self, "begun_", self.option) != self.option:
            raise ValueError("the option can not change")
        self.begun_ = self.option
        return super().fit(X, y)


def test_copies_keep_what_the_space_fixes():
    """The first member has an option that no alternative has."""
    space = [{"option": [k], "index": list(range(20))} for k in (1, 2)]
    search = PBTSearchCV(
        Fixed(index=3, option=9, max_epochs=6), space, population_size=4, interval=2, quantile=0.5, cv=2, random_state=0
    ).fit(X, y)
    assert search.cv_results_["params"][0]["option"] == 9
    options = {params["option"] for params in search.cv_results_["params"]}
    assert options <= {1, 2, 9}


@pytest.mark.parametrize("given", ["currnt", ["currnt"], [7]])
def test_what_is_no_candidate_is_refused(given):
    with pytest.raises(ValueError, match="initial_candidates"):
        HalvingSearchCV(Curve(), {"index": [1, 2, 3]}, initial_candidates=given, cv=2).fit(X, y)
