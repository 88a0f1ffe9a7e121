import pytest
from scipy.integrate import trapezoid

from sknet_hp.evaluation import compare
from sknet_hp.report.frames.comparison import make_comparison_frame, make_posterior_frame

A = [0.84, 0.86, 0.83, 0.85, 0.87]
B = [0.81, 0.84, 0.82, 0.81, 0.84]
C = [0.80, 0.86, 0.80, 0.83, 0.84]


@pytest.fixture(scope="module")
def comparison():
    return compare(A, B, C, n_train=800, n_test=200, names=["a", "b", "c"])


def test_pairs_are_those_of_the_comparison(comparison):
    frame = make_comparison_frame(comparison)
    assert frame["difference"].is_monotonic_decreasing
    for _, row in frame.iterrows():
        [pair] = [pair for pair in comparison.pairs if (pair.first, pair.second) == (row["first"], row["second"])]
        assert row["p_first_better"] == pair.probabilities.above


def test_a_reference_is_the_second_of_each_pair(comparison):
    frame = make_comparison_frame(comparison, reference="a")
    assert set(frame["second"]) == {"a"}
    assert (frame["difference"] < 0).all()
    whole = make_comparison_frame(comparison).set_index(["first", "second"]).loc[("a", "b")]
    turned = frame.set_index("first").loc["b"]
    assert (turned["low"], turned["high"]) == (-whole["high"], -whole["low"])
    assert turned["p_first_better"] == whole["p_second_better"]


def test_regions_of_the_posterior_have_their_probabilities(comparison):
    pair = make_comparison_frame(comparison).iloc[0]
    posterior = make_posterior_frame(pair)
    areas = {region: trapezoid(part["density"], part["difference"]) for region, part in posterior.groupby("region")}
    assert areas["equivalent"] == pytest.approx(pair["p_equivalent"], abs=1e-3)
    assert areas["first better"] == pytest.approx(pair["p_first_better"], abs=2e-3)
    assert sum(areas.values()) == pytest.approx(0.998, abs=2e-3)


def test_what_is_not_there_is_refused(comparison):
    with pytest.raises(ValueError, match=r"reference='d' is not in the comparison; there are \['a', 'b', 'c'\]"):
        make_comparison_frame(comparison, reference="d")
    with pytest.raises(ValueError, match="metric='f1' is not in the comparison"):
        make_comparison_frame(comparison, "f1")
