"""A pytest plugin: each test runs inside `fused()`."""

import pytest

import sknet_hp


@pytest.fixture(autouse=True)
def in_company():
    with sknet_hp.fused(over="inline"):
        yield
