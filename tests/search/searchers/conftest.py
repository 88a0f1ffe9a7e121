"""Each searcher that is led by a model."""

import pytest

from tests.helpers.formulas import SEARCHERS


@pytest.fixture(params=SEARCHERS)
def searcher(request):
    return request.param
