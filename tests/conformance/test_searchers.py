"""scikit-learn's checks of an estimator, for each searcher: with a network, and with a
foreign estimator that is given more and more rows.
"""

import pytest
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

import sknet_hp.search
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.search.base.searcher import BaseSearcher

# The checks have tables on which some fits fail, and rare classes: searches warn of both.
pytestmark = pytest.mark.filterwarnings("ignore")

SEARCHERS = [
    Search
    for name in sknet_hp.search.__all__
    if isinstance(Search := getattr(sknet_hp.search, name), type) and issubclass(Search, BaseSearcher)
]
SPACE = {"lr": [1e-2, 3e-2, 1e-1], "dropout": [0.0, 0.1]}
NETWORKS = [Net(max_epochs=9, width=16, batch_size=32, random_state=0) for Net in (NetClassifier, NetRegressor)]


def of_rows():
    """Those that can hand out rows, with estimators that have no epochs to go on from."""
    refuses = {sknet_hp.search.PBTSearchCV}  # its population goes on training, which nothing does from more rows
    takes = [Search for Search in SEARCHERS if Search not in refuses]
    foreign = [(SGDClassifier(random_state=0), {"alpha": [1e-4, 1e-2]}), (Ridge(), {"alpha": [0.1, 1.0, 10.0]})]
    return [Search(estimator, space, resource="n_samples", cv=2) for Search in takes for estimator, space in foreign]


@pytest.mark.slow
@parametrize_with_checks([Search(net, SPACE, cv=2) for Search in SEARCHERS for net in NETWORKS])
def test_searchers(estimator, check):
    check(estimator)


NOT_OF_FOREIGN = {
    f"check_sample_weight_equivalence_on_{kind}_data": "a row that is repeated is drawn twice as often as one that "
    "weighs two"
    for kind in ("dense", "sparse")
}
NOT_OF_RIDGE = {"check_supervised_y_2d": "Ridge warns of nothing, inside scikit-learn's own searches neither"}


@parametrize_with_checks(
    of_rows(),
    expected_failed_checks=lambda search: (
        NOT_OF_FOREIGN | (NOT_OF_RIDGE if isinstance(search.estimator, Ridge) else {})
    ),
)
def test_rows_of_foreign_estimators(estimator, check):
    check(estimator)
