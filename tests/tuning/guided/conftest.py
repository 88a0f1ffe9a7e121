"""Smaller stages, and a range test that trains nothing, for tests of all that is
around it.
"""

from types import SimpleNamespace

import pytest

from sknet_hp.tuning.guided import stages
from sknet_hp.tuning.learning_rate import range_test


@pytest.fixture(autouse=True, scope="package")
def small_stages():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(range_test, "find_lr", lambda *args, **settings: SimpleNamespace(suggestion=0.003))
        patched.setattr(stages, "N_DRAWN", 4)
        patched.setattr(stages, "N_CLOSE", 3)
        patched.setattr(stages, "MOST_ROUNDS", 1)
        yield
