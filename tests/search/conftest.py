import warnings

import pytest

from sknet_hp.search.journal import identity
from tests.helpers.curves import TRAINED
from tests.helpers.journaled import X, make_network_search, y


@pytest.fixture(autouse=True)
def nothing_trained(monkeypatch):
    TRAINED.clear()
    monkeypatch.setattr(identity, "_CHANGING", set())
    # What the tests' estimators note of their fits; that this is said is tested where it is meant.
    noted = r"(curves\.TRAINED|playing\.FITS|formulas\.Formula\.trained)"
    warnings.filterwarnings("ignore", rf".*when the search began: tests\.helpers\.{noted} \(it changes")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


@pytest.fixture(scope="module")
def whole():
    return {refit: make_network_search(refit=refit).fit(X, y) for refit in (True, "ensemble")}
