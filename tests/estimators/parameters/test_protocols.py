"""Protocols name what the registries hold, with the types that the estimators declare."""

import ast
from inspect import signature
from pathlib import Path
from typing import get_type_hints

import pytest

from sknet_hp import NetClassifier, NetRegressor, estimators
from sknet_hp.estimators.parameters import CLASSIFIER, COMMON, REGRESSOR, protocols
from sknet_hp.estimators.parameters.fitting import FITTING
from sknet_hp.estimators.parameters.inputs import INPUTS
from sknet_hp.estimators.parameters.network import NETWORK
from sknet_hp.estimators.parameters.update import UPDATE


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        (protocols.InputParameters, INPUTS),
        (protocols.NetworkParameters, NETWORK),
        (protocols.UpdateParameters, UPDATE),
        (protocols.FittingParameters, FITTING),
        (protocols.CommonParameters, COMMON.keys() | {"loss"}),
        (protocols.ClassifierParameters, COMMON | CLASSIFIER),
        (protocols.RegressorParameters, COMMON | REGRESSOR),
    ],
)
def test_protocols_name_the_parameters_of_a_registry(protocol, names):
    assert set(get_type_hints(protocol)) == set(names)


@pytest.mark.parametrize(
    ("Net", "protocol"),
    [(NetClassifier, protocols.ClassifierParameters), (NetRegressor, protocols.RegressorParameters)],
)
def test_types_are_those_of_the_signatures(Net, protocol):
    declared = {name: parameter.annotation for name, parameter in signature(Net).parameters.items()}
    types = get_type_hints(protocol)
    assert declared.keys() == types.keys()
    assert declared == types


def test_helpers_say_which_parameters_they_read():
    """Where a helper's estimator is of any type, no reader and no checker can follow a parameter."""
    rooms = [Path(estimators.__file__).parent / room for room in ("building", "targets", "skorch_nets")]
    untyped = [
        f"{source.name}: {function.name}({argument.arg})"
        for room in rooms
        for source in room.glob("*.py")
        for function in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if argument.arg in ("net", "estimator")
        and (argument.annotation is None or ast.unparse(argument.annotation) == "Any")
    ]
    assert untyped == []
