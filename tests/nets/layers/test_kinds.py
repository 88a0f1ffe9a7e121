"""Every kind of layer is known wherever the package must know it."""

import operator

import pytest
import torch

import sknet_hp.nets.compiled  # noqa: F401  (its layers register themselves)
from sknet_hp import NetClassifier
from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.compiled.builder import COMPILED_LAYERS
from sknet_hp.nets.init import draw_parameters, make_buffers
from sknet_hp.nets.layers.kinds import KIND_OF_FUNCTION, KIND_OF_MODULE, KINDS, LayerKind
from sknet_hp.nets.stacked.layers import STACKED_LAYERS
from tests.helpers.layer_examples import EXAMPLES

WITHOUT_MODULE = {"add"}
"""Kinds that only an operation is read as."""


def missing_pieces(kind: LayerKind) -> list[str]:
    """What a kind of layer still needs, and where it belongs."""
    name, missing = kind.name, []
    if kind.is_left_out:
        return missing
    if name not in STACKED_LAYERS:
        missing.append("a function over stacked networks, in nets/stacked/layers.py")
    if name not in COMPILED_LAYERS:
        missing.append("a function that adds its kernels, in nets/compiled/layers.py or table_layers.py")
    if name in WITHOUT_MODULE:
        return missing if kind.functions else [*missing, "an operation that is read as it, in nets/layers/kinds.py"]
    if kind.module is None:
        return [*missing, "a torch module that is read as it, in nets/layers/kinds.py"]
    if name not in EXAMPLES:
        return [*missing, "an example of its module, in tests/helpers/layer_examples.py"]
    roles, buffers = set(), set()
    for make in EXAMPLES[name]:
        module = make()
        if type(module) is not kind.module:
            missing.append(f"an example of its own module: {type(module).__name__} is none")
        roles |= {role for role, _ in module.named_parameters(recurse=False)}
        buffers |= {role for role, b in module.named_buffers(recurse=False) if b.is_floating_point()}
    missing += [f"a rule of how {role!r} is trained, in nets/layers/kinds.py" for role in roles - set(kind.tensors)]
    missing += [f"a tensor {role!r} in its module, which a rule is for" for role in set(kind.tensors) - roles]
    missing += [f"what buffer {role!r} starts as, in nets/layers/kinds.py" for role in buffers - set(kind.buffers)]
    if roles and kind.start is None:
        missing.append("how its tensors start, in nets/layers/kinds.py and starts.py")
    return missing


@pytest.mark.parametrize("name", list(KINDS))
def test_nothing_is_missing(name):
    missing = missing_pieces(KINDS[name])
    assert not missing, f"layers of kind {name!r} need " + "; ".join(missing)


def test_nothing_is_there_that_no_kind_is_for():
    read = {name for name, kind in KINDS.items() if not kind.is_left_out}
    assert set(STACKED_LAYERS) == set(COMPILED_LAYERS) == read
    assert set(EXAMPLES) == read - WITHOUT_MODULE


def test_a_kind_of_which_all_is_missing_is_reported():
    missing = missing_pieces(LayerKind("unheard_of"))
    assert len(missing) == 3
    assert [piece for piece in missing if "stacked" in piece]
    assert [piece for piece in missing if "compiled" in piece]
    assert [piece for piece in missing if "torch module" in piece]


@pytest.mark.parametrize(("name", "make"), [(name, make) for name, makes in EXAMPLES.items() for make in makes])
def test_an_example_is_read_as_its_kind(name, make):
    graph, rates = trace(make())
    (node,) = graph.nodes
    assert node.kind == name
    assert len(rates) == node.n_rates == len(KINDS[name].rates(make()))


@pytest.mark.parametrize(("name", "make"), [(name, make) for name, makes in EXAMPLES.items() for make in makes])
def test_an_example_starts_with_all_its_tensors(name, make):
    graph, _ = trace(make())
    tensors = draw_parameters(graph, 0) | make_buffers(graph)
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == dict(graph.parameters + graph.buffers)
    assert all(tensor.isfinite().all() for tensor in tensors.values())


def test_factors_on_learning_rates_are_parameters_of_estimators():
    names = {rule.lr_factor for kind in KINDS.values() for rule in kind.tensors.values()} - {None}
    known = {name.removeprefix("lr_factor_") for name in NetClassifier().get_params() if name.startswith("lr_factor_")}
    assert names == known


def test_a_module_and_a_function_belong_to_one_kind():
    assert len(KIND_OF_MODULE) == len([kind for kind in KINDS.values() if kind.module is not None])
    assert len(KIND_OF_FUNCTION) == sum(len(kind.functions) for kind in KINDS.values())
    assert KIND_OF_FUNCTION[operator.add] is KIND_OF_FUNCTION[torch.add] is KINDS["add"]
