"""What tasks give that share nothing."""

import pytest

from tests.helpers.shared_tasks import NET, fit_in_turn


@pytest.fixture(scope="module")
def alone():
    """What each fold predicts with a network of its own."""
    return fit_in_turn(NET)
