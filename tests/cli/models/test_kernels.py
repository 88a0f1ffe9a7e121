import numpy as np
import pytest

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.cli.models.kernels import compile_kernels
from sknet_hp.nets.compiled.kernel import Kernel


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_nothing_is_left_to_compile(task, monkeypatch):
    """A network of the default settings finds all its machine code."""
    assert compile_kernels(task) > 0
    monkeypatch.setattr(Kernel, "_compile", lambda kernel: pytest.fail(f"{kernel.name} was not compiled"))
    X = np.linspace(0, 1, 300).reshape(100, 3)
    net = NetClassifier(max_epochs=2, random_state=0) if task == "classification" else NetRegressor(max_epochs=2)
    net.fit(X, np.arange(100) % 2)
    assert net.predict(X).shape == (100,)
