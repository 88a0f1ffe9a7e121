"""The groups of parameters, which the documentation is arranged by."""

import re

import pytest

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.parameters import CLASSIFIER, COMMON, REGRESSOR, group_parameters


@pytest.mark.parametrize("own", [CLASSIFIER, REGRESSOR])
def test_each_parameter_is_in_one_group(own):
    grouped = [name for group in group_parameters(own).values() for name in group]
    assert sorted(grouped) == sorted(COMMON | own)


@pytest.mark.parametrize("own", [CLASSIFIER, REGRESSOR])
def test_each_parameter_that_is_searched_says_when_it_matters(own):
    silent = [name for name, parameter in (COMMON | own).items() if parameter.search and not parameter.advice]
    assert silent == []
    ends = [name for name, parameter in (COMMON | own).items() if parameter.advice and parameter.advice[-1] != "."]
    assert ends == []


@pytest.mark.parametrize(("Net", "own"), [(NetClassifier, CLASSIFIER), (NetRegressor, REGRESSOR)])
def test_docstring_lists_the_groups(Net, own):
    listed = re.findall(r"`(\w+)`", Net.__doc__.split("by group:")[1].split("Parameters\n")[0])
    assert listed == [name for group in group_parameters(own).values() for name in group]
    assert all(f"\n- {title}: `" in Net.__doc__ for title in group_parameters(own))
