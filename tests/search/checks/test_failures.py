import numpy as np
import pytest

from sknet_hp.search.checks.failures import find_failures, find_rule
from sknet_hp.search.spaces.space import Space
from tests.helpers.search_cases import make_case

ERROR = "Traceback (most recent call last):\n  File ...\nValueError: too wide"
RNG = np.random.default_rng(0)
SPACE = {"lr": (1e-4, 1.0, "log-uniform"), "n_layers": [1, 2, 3, 4], "optimizer": ["sgd", "adamw"]}
PARAMS = Space(SPACE).sample(60, 0)


def check(bad, space=SPACE, params=PARAMS, *, diverged=False):
    n = len(params)
    curves = {(k, 0): {"train": [1.0, np.nan if diverged and bad[k] else 0.5]} for k in range(n)}
    errors = [ERROR if bad[k] and not diverged else None for k in range(n)]
    scores = np.where(np.asarray(bad) & (not diverged), np.nan, RNG.random(n))
    return list(find_failures(make_case(scores, params, space=space, errors=errors, curves=curves)))


def test_high_rates_diverge():
    [finding] = check([params["lr"] > 0.03 for params in PARAMS], diverged=True)
    assert finding.evidence["n_failed"] == 0
    assert finding.evidence["n_diverged"] == sum(params["lr"] > 0.03 for params in PARAMS)
    name, sign, threshold = finding.evidence["rule"].split()
    assert (name, sign) == ("lr", ">")
    assert 0.02 < float(threshold) < 0.045
    changed = finding.remedy["param_distributions"]
    assert changed["lr"] == (1e-4, float(threshold), "log-uniform")
    assert changed["optimizer"] == SPACE["optimizer"]
    assert "Leave out lr >" in finding.advice


def test_two_conditions():
    bad = [params["lr"] > 0.03 and params["optimizer"] == "sgd" for params in PARAMS]
    [finding] = check(bad, diverged=True)
    assert "lr >" in finding.evidence["rule"]
    assert "optimizer" in finding.evidence["rule"]
    assert finding.remedy == {}, "what is left is no product of ranges"


def test_one_value_of_a_choice_fails():
    [finding] = check([params["n_layers"] == 4 for params in PARAMS])
    assert finding.evidence["rule"] == "n_layers > 3"
    assert finding.remedy["param_distributions"]["n_layers"] == [1, 2, 3]
    assert "The first error: ValueError: too wide." in finding.message
    [finding] = check([params["optimizer"] == "sgd" for params in PARAMS])
    assert finding.remedy["param_distributions"]["optimizer"] == ["adamw"]


def test_here_and_there():
    bad = RNG.random(60) < 0.3
    [finding] = check(bad)
    assert finding.evidence["rule"] == ""
    assert "Fix what the error names" in finding.advice


def test_a_few_are_no_matter():
    assert not check(np.arange(60) < 5)
    assert not check(np.arange(60) < 0)


def test_all_failed():
    [finding] = check(np.full(60, True))
    assert finding.evidence["rule"] == ""


def test_parameters_of_some_candidates_only():
    params = [{"kind": "a", "C": 10.0**k} if k % 2 else {"kind": "b"} for k in range(-10, 10)]
    rule = find_rule(params, np.array([own["kind"] == "b" for own in params]), [])
    assert [str(condition) for condition in rule] in (["kind = 'b'"], ["kind != 'a'"])
    rule = find_rule(params, np.array([own.get("C", 0) > 1 for own in params]), [])
    assert len(rule) == 1
    assert rule[0].name == "C"


@pytest.mark.parametrize("value", [np.array([1, 2]), (3, 4), print])
def test_values_of_any_kind(value):
    params = [{"odd": value if k < 5 else "plain"} for k in range(20)]
    find_rule(params, np.arange(20) < 5, [])


def test_what_a_candidate_does_not_name_has_the_estimators_own_value():
    params = [{"lr": 100.0} if k % 2 else {"width": 60 + 8 * k} for k in range(20)]
    [finding] = check([k % 2 == 1 for k in range(20)], space={"lr": [0.1, 100.0], "width": [8, 16]}, params=params)
    name, sign, threshold = finding.evidence["rule"].split()
    assert (name, sign) == ("lr", ">")
    assert 0.002 < float(threshold) < 100


def test_columns_that_only_some_candidates_have_are_no_obstacle():
    params = [{"own__c": float(k)} if k % 2 else {"d": 1.0} for k in range(20)]
    [finding] = check([k % 2 == 1 for k in range(20)], params=params)
    assert "inf" not in finding.evidence["rule"]


def test_where_all_of_a_space_fails_one_is_sent_elsewhere():
    space = {"lr": (1.0, 1e4, "log-uniform")}
    params = [{"lr": 0.002}, *Space(space).sample(12, 0)]
    [finding] = check([params_["lr"] >= 1 for params_ in params], space=space, params=params, diverged=True)
    assert finding.advice.startswith("That is all of the space of lr: search elsewhere, with lr <= ")
    assert finding.remedy == {}
