"""Docstrings of searchers: complete, in numpydoc's form, and their examples run."""

import doctest
import re

import numpy as np
import pytest
from sklearn.base import BaseEstimator

import sknet_hp.search
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.searcher import BaseSearcher
from tests.helpers.curves import Curve, draw_table

SEARCHERS = [
    Search
    for name in sknet_hp.search.__all__
    if isinstance(Search := getattr(sknet_hp.search, name), type) and issubclass(Search, BaseSearcher)
]
X, y = draw_table()


def section(Search, title):
    """{name: text} of a section."""
    text = Search.__doc__.split(f"\n{title}\n{'-' * len(title)}\n")[1]
    text = re.split(r"\n\n\w+\n-+\n", text)[0]
    found = {}
    for names, kind, body in re.findall(r"^(\w[\w, ]*) : (.+)\n((?:    .+\n?)+)", text, re.M):
        found |= dict.fromkeys(names.split(", "), (kind, body))
    return found


@pytest.mark.parametrize("Search", SEARCHERS)
def test_all_parameters_are_described_with_their_defaults(Search):
    found = section(Search, "Parameters")
    parameters = Search(Curve(), {}).get_params(deep=False)
    assert found.keys() == parameters.keys()
    for name, value in parameters.items():
        if name not in ("estimator", "param_distributions"):
            assert found[name][0].endswith(f"default={value!r}")
    assert max(map(len, Search.__doc__.splitlines())) <= 84, "help() fits a terminal"


@pytest.mark.parametrize("Search", SEARCHERS)
def test_all_attributes_are_described(Search):
    search = Search(Curve(max_epochs=3), {"index": list(range(20))}, cv=2, random_state=0).fit(X, y)
    fitted = {name for name in vars(search) if name.endswith("_") and not name.startswith("_")}
    assert fitted <= section(Search, "Attributes").keys()


@pytest.mark.parametrize("Search", SEARCHERS)
def test_examples(Search):
    example = doctest.DocTestFinder(recurse=False).find(Search, globs={})[0]
    assert example.examples
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
    assert results.failed == 0


def test_a_searcher_may_say_more():
    @document_searcher(attributes={"mine_": ("int", "Mine.")}, factor=("float", "Another."), own=("int", "Own."))
    class Search(BaseEstimator):
        """Some.

        Parameters
        ----------
        {parameters}

        Attributes
        ----------
        {attributes}
        """

        def __init__(self, estimator, factor=2, own=np.nan):
            pass

    assert "estimator : estimator\n" in Search.__doc__
    assert "factor : float, default=2\n    Another." in Search.__doc__, "as deep as the section is"
    assert "own : int, default=nan" in Search.__doc__
    assert "mine_ : int" in Search.__doc__
    with pytest.raises(KeyError, match="unheard"):

        @document_searcher()
        class _Unheard:
            """{parameters} {attributes}"""

            def __init__(self, unheard):
                pass
