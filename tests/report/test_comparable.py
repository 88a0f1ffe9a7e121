import numpy as np

from sknet_hp.report.comparable import choose_comparable, count_comparable
from sknet_hp.report.searches import read_rows
from tests.helpers.evaluations import make_search


def test_the_furthest_resource_with_enough_candidates_counts():
    params = [{"p": k} for k in (0, 1, 2, 3, 0, 1)]
    scores = [0.1, 0.2, 0.3, np.nan, 0.6, 0.7]
    search = make_search(params, scores, resources=[1, 1, 1, 1, 3, 3], candidates=[0, 1, 2, 3, 0, 1])
    rows = read_rows(search)
    assert count_comparable(rows).to_dict() == {1.0: 3, 3.0: 2}
    chosen, resource = choose_comparable(rows, 3)
    assert (chosen["score"].tolist(), resource) == ([0.1, 0.2, 0.3], 1)
    assert choose_comparable(rows, 2)[1] == 3
    assert choose_comparable(rows, 4)[0].empty


def test_without_rungs_all_are_comparable():
    chosen, resource = choose_comparable(read_rows(make_search([{"p": 1}, {"p": 2}], [0.1, 0.2])), 2)
    assert len(chosen) == 2
    assert np.isnan(resource)
