import pytest

from tests.helpers.jobs import make_job, make_table, same_result


@pytest.fixture(name="make_table", scope="session")
def _make_table():
    return make_table


@pytest.fixture(name="make_job", scope="session")
def _make_job():
    return make_job


@pytest.fixture(name="same_result", scope="session")
def _same_result():
    return same_result
