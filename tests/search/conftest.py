import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for workers, which read `curves` by its name

from curves import TRAINED
from journaled import X, networks, y


@pytest.fixture(autouse=True)
def nothing_trained():
    TRAINED.clear()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


@pytest.fixture(scope="module")
def whole():
    return {refit: networks(refit=refit).fit(X, y) for refit in (True, "ensemble")}
