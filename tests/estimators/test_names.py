"""Names of parameters as other libraries have them are answered with ours, wherever
they are given.
"""

import inspect
import pickle

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV as OfScikitLearn
from sklearn.pipeline import make_pipeline

import sknet_hp.search
from sknet_hp import NetClassifier, NetRegressor, presets
from sknet_hp.estimators import names

SEARCHERS = [getattr(sknet_hp.search, name) for name in sknet_hp.search.__all__ if name.endswith("CV")]
NETS = [NetClassifier, NetRegressor]


@pytest.mark.parametrize("Net", NETS)
@pytest.mark.parametrize(
    ("theirs", "ours"), [(theirs, ours) for ours, all_theirs in names._OF_NETWORKS.items() for theirs in all_theirs]
)
def test_networks(Net, theirs, ours):
    assert ours in inspect.signature(Net).parameters
    with pytest.raises(
        TypeError,
        match=rf"^{Net.__name__}\.__init__\(\) got an unexpected keyword argument '{theirs}'; did you mean '{ours}'\?$",
    ):
        Net(**{theirs: 1})
    message = (
        rf"Invalid parameter '{theirs}' for estimator {Net.__name__}\(.*; "
        rf"did you mean '{ours}'\? Valid parameters are: \["
    )
    with pytest.raises(ValueError, match=message):
        Net().set_params(**{theirs: 1})
    with pytest.raises(ValueError, match=message):
        make_pipeline(Net()).set_params(**{f"{Net.__name__.lower()}__{theirs}": 1})


@pytest.mark.parametrize("Search", SEARCHERS)
def test_searchers(Search):
    known = inspect.signature(Search).parameters
    asked = {
        theirs: ours
        for ours, all_theirs in names._OF_SEARCHES.items()
        for theirs in all_theirs
        if ours in known and theirs not in known
    }
    assert len(asked) > 10
    for theirs in asked:
        meant = "|".join(ours for ours, all_theirs in names._OF_SEARCHES.items() if theirs in all_theirs)
        message = rf"'{theirs}'.*; did you mean '({meant})'\?"
        with pytest.raises(
            TypeError, match=rf"{Search.__name__}\.__init__\(\) got an unexpected keyword argument {message}"
        ):
            Search(NetClassifier(), {}, **{theirs: 1})
        with pytest.raises(ValueError, match=rf"Invalid parameter {message}"):
            Search(NetClassifier(), {"lr": [1]}).set_params(**{theirs: 1})


def test_every_name_is_one_of_ours():
    of_searches = {name for Search in SEARCHERS for name in inspect.signature(Search).parameters}
    assert set(names._OF_SEARCHES) <= of_searches


def test_a_name_like_no_other():
    with pytest.raises(TypeError, match=r"argument 'zzzzz'; it has \['activation', 'alpha', .*'zero_output'\]$"):
        NetClassifier(zzzzz=1)
    with pytest.raises(
        ValueError,
        match=r"^Invalid parameter 'zzzzz' for estimator NetClassifier\(\)\. Valid parameters are: \['activation', "
        r".*'zero_output'\]\.$",
    ):
        NetClassifier().set_params(zzzzz=1)


@pytest.mark.parametrize("preset", presets.__all__)
def test_presets(preset):
    make = getattr(presets, preset)
    message = (
        rf"{preset}\(\) got an unexpected keyword argument 'lr'; it takes task.*: "
        rf"presets\.{preset}\(\) \| \{{'lr': 0\.01\}}"
    )
    with pytest.raises(TypeError, match=message):
        make(lr=1e-3)
    assert inspect.signature(make).parameters.keys() <= {"task", "metric"}
    assert make.__doc__.endswith("none of these.\n")
    assert make("regression") == make(task="regression")


@pytest.mark.parametrize("Class", [*NETS, *SEARCHERS])
def test_scikit_learn_sees_nothing_of_it(Class):
    own = Class() if Class in NETS else Class(NetClassifier(), {"lr": [0.1]})
    parameters = inspect.signature(Class).parameters
    assert list(parameters) == list(inspect.signature(Class.__init__).parameters)[1:]
    assert own.get_params(deep=False).keys() == parameters.keys()
    assert repr(clone(own)) == repr(own) == repr(pickle.loads(pickle.dumps(own)))
    assert own.set_params() is own


def test_stock_searches_have_the_signatures_of_the_originals():
    assert str(inspect.signature(sknet_hp.search.GridSearchCV)) == str(inspect.signature(OfScikitLearn))


def test_subclasses_of_ones_own_are_answered_too():
    class Own(NetClassifier):
        def __init__(self, *, lr=0.1, first=1):
            super().__init__(lr=lr)
            self.first = first

    class Open(NetClassifier):
        def __init__(self, **parameters):
            super().__init__(**parameters)

    with pytest.raises(
        TypeError, match=r"Own\.__init__\(\) got an unexpected keyword argument 'learning_rate'; did you mean 'lr'"
    ):
        Own(learning_rate=1)
    with pytest.raises(
        TypeError, match=r"Open\.__init__\(\) got an unexpected keyword argument 'epochs'; did you mean 'max_epochs'"
    ):
        Open(epochs=1)
    assert Own(first=2).get_params()["first"] == 2
