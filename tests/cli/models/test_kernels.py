import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.cli.models.kernels import compile_kernels
from sknet_hp.cli.tables.problem import pose_problem
from sknet_hp.nets.compiled.kernel import Kernel


@pytest.mark.parametrize(("target", "make"), [("label", NetClassifier), ("amount", NetRegressor)])
def test_nothing_is_left_to_compile(table, target, make, monkeypatch):
    """A network finds all its machine code, for categories and missing cells too."""
    problem = pose_problem(table, target)
    net = make(max_epochs=3, random_state=0)
    assert compile_kernels(problem, net) > 0
    assert not hasattr(net, "n_features_in_")
    monkeypatch.setattr(Kernel, "_compile", lambda kernel: pytest.fail(f"{kernel.name} was not compiled"))
    assert net.fit(problem.X, problem.y).predict(problem.X).shape == (60,)


def test_rows_of_each_class_are_among_those(table, monkeypatch):
    seen = []
    monkeypatch.setattr(NetClassifier, "fit", lambda net, X, y: seen.append((net.max_epochs, len(X), set(y))))
    label = np.where(np.arange(600) < 599, "a", "b")
    problem = pose_problem(table.sample(600, replace=True, random_state=0).assign(label=label), "label")
    compile_kernels(problem, NetClassifier(), DummyClassifier())
    assert seen == [(2, 301, {"a", "b"})]
