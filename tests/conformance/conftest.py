import contextlib

import pytest

import sknet_hp


@pytest.fixture(params=["serial", "fused"])
def company(request):
    """A context to work in."""
    return (lambda: sknet_hp.fused(over="inline")) if request.param == "fused" else contextlib.nullcontext
