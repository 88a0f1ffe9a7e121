"""Estimators that are not ours, converted by skl2onnx, networks inside them by us."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, is_classifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from sknet_hp.estimators.persistence.classes import iterate_estimators
from sknet_hp.sharing.onnx.builder import OPSETS, GraphBuilder
from sknet_hp.sharing.onnx.missing import explain_missing_package
from sknet_hp.sharing.onnx.tables import ColumnTensors, MatrixTensor, TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, read_classes

AddModel = Callable[[GraphBuilder, Any, TensorTable], Predictions]


def add_transformers(b: GraphBuilder, steps: Pipeline, table: TensorTable) -> TensorTable:
    """Add the first steps of a fitted pipeline, and return the table they make.

    Raises
    ------
    TypeError
        If skl2onnx has no converter for one.
    """
    steps = Pipeline([step for step in steps.steps if step[1] not in (None, "passthrough")])
    if not steps.steps:
        return table
    model, inputs = _convert(b, steps, table)
    name = b.include(model, inputs)[0]
    kind = model.graph.output[0].type.tensor_type
    return MatrixTensor(name, _count_columns(steps, kind), _read_dtype(kind.elem_type))


def add_estimator(
    b: GraphBuilder, model: Any, table: TensorTable, ours: tuple[type, ...], add_model: AddModel
) -> Predictions:
    """Add a fitted estimator that is not ours, in which there may be some of ours.

    Parameters
    ----------
    ours : classes that skl2onnx does not know.
    add_model : what adds one of these.
    """
    for kind in ours:
        _register(kind, add_model)
    converted, inputs = _convert(b, model, _join_numbers(b, table))
    outputs = b.include(converted, inputs)
    if not is_classifier(model):
        numbers = b.cast(outputs[0], np.float64)
        dimensions = converted.graph.output[0].type.tensor_type.shape.dim
        flat = len(dimensions) < 2 or dimensions[1].dim_value <= 1
        return Predictions(numbers=b.add("Reshape", numbers, np.array([0, -1], np.int64)), flat=flat)
    return Predictions(outputs[0], b.cast(outputs[1], np.float64) if len(outputs) > 1 else None)


def _join_numbers(b: GraphBuilder, table: TensorTable) -> TensorTable:
    """Return a table of numbers alone as one tensor, as most estimators want it."""
    tensors = table.list_tensors()
    if len(tensors) < 2 or any(dtype is not np.float64 for _, _, dtype, _ in tensors):
        return table
    return MatrixTensor(b.concatenate([name for _, name, _, _ in tensors]), len(tensors), np.float64)


def _convert(b: GraphBuilder, model: Any, table: TensorTable) -> tuple[Any, dict[str, str]]:
    """Return the model that skl2onnx makes, and the tensor for each of its inputs.

    It computes in float64, as scikit-learn does, where onnxruntime can, else in
    float32.
    """
    tensors = table.list_tensors()
    model = _name_missing_text(model)
    converted = _convert_from(model, [(column, dtype, width) for column, _, dtype, width in tensors])
    given = [name for _, name, _, _ in tensors]
    if not _is_runnable(converted):
        narrow: dict[type, type] = {np.float64: np.float32}
        columns = [(column, narrow.get(dtype, dtype), width) for column, _, dtype, width in tensors]
        converted = _convert_from(model, columns)
        given = [b.cast(name, np.float32) if dtype is np.float64 else name for _, name, dtype, _ in tensors]
    # skl2onnx has names of its own for inputs whose names have dots, say.
    return converted, dict(zip([each.name for each in converted.graph.input], given, strict=True))


def _name_missing_text(model: Any) -> Any:
    """Return a copy whose imputers of text take the empty string for missing."""
    model = deepcopy(model)
    for part in iterate_estimators(model):
        if isinstance(part, SimpleImputer) and _is_of_text(part):
            part.missing_values = ""
    return model


def _is_of_text(imputer: SimpleImputer) -> bool:
    """Return whether an imputer, if it is fitted, fills in text."""
    return np.asarray(getattr(imputer, "statistics_", 0.0)).dtype.kind in "OU"


def _is_runnable(model: Any) -> bool:
    """Return whether onnxruntime has a model's operators, for the types they take."""
    with explain_missing_package():
        from onnxruntime import InferenceSession
        from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph
        from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as Unsupported
    try:
        InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    except (Fail, InvalidGraph, Unsupported):
        return False
    return True


def _convert_from(model: Any, columns: list[tuple[str, Any, int]]) -> Any:
    """Return the model that skl2onnx makes for inputs of these types and widths."""
    with explain_missing_package():
        from skl2onnx import convert_sklearn
        from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    given = [(column, _make_type(dtype, width)) for column, dtype, width in columns]
    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    try:
        return convert_sklearn(model, initial_types=given, target_opset=OPSETS, options=options)
    except (MissingConverter, MissingShapeCalculator, NotImplementedError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise TypeError(
            f"{type(model).__name__} can not be exported, as skl2onnx does not convert it: {reason} Leave such steps "
            f"out, or register a converter with skl2onnx.update_registered_converter"
        ) from error


def _make_type(dtype: type, width: int) -> Any:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType

    kinds: dict[Any, Any] = {
        np.float64: DoubleTensorType,
        np.float32: FloatTensorType,
        np.int64: Int64TensorType,
        object: StringTensorType,
    }
    return kinds[dtype]([None, width])


def _read_dtype(elem_type: int) -> type:
    from onnx import helper

    dtype = helper.tensor_dtype_to_np_dtype(elem_type)
    return object if dtype.kind in "OU" else dtype.type


def _count_columns(steps: Pipeline, kind: Any) -> int:
    """Return how many columns the steps make."""
    try:
        return len(steps.get_feature_names_out())
    except (AttributeError, ValueError):
        return int(kind.shape.dim[1].dim_value)


# ---- ours inside theirs --------------------------------------------------------------------------------------------


def _register(kind: type, add_model: AddModel) -> None:
    """Tell skl2onnx how a class of ours is converted."""
    from skl2onnx import update_registered_converter

    def convert(scope: Any, operator: Any, container: Any) -> None:
        _transcribe(scope, operator, container, add_model)

    options = {"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True]}
    update_registered_converter(
        kind,
        f"SknetHp{kind.__name__}",
        _set_output_types,
        convert,
        options=options if issubclass(kind, ClassifierMixin) else None,
    )


def _set_output_types(operator: Any) -> None:
    """Tell skl2onnx the types of what an estimator of ours predicts."""
    from skl2onnx.common.data_types import (
        BooleanTensorType,
        DoubleTensorType,
        FloatTensorType,
        Int64TensorType,
        StringTensorType,
    )

    model = operator.raw_operator
    wide = not all(isinstance(each.type, FloatTensorType) for each in operator.inputs)
    number = DoubleTensorType if wide else FloatTensorType
    if not is_classifier(model):
        target = getattr(model, "target_", None)
        operator.outputs[0].type = number([None, 1 if target is None else len(target.mean)])
        return
    kinds = {"O": StringTensorType, "b": BooleanTensorType, "f": DoubleTensorType}
    operator.outputs[0].type = kinds.get(read_classes(model.classes_).dtype.kind, Int64TensorType)([None])
    operator.outputs[1].type = number([None, len(model.classes_)])


def _transcribe(scope: Any, operator: Any, container: Any, add_model: AddModel) -> None:
    """Add an estimator of ours to a graph of skl2onnx."""
    from onnx import helper, numpy_helper

    b = GraphBuilder()
    renamed = {f"input{number}": each.full_name for number, each in enumerate(operator.inputs)}
    predictions = add_model(b, operator.raw_operator, _read_inputs(b, operator.inputs))
    numbers = predictions.probabilities if predictions.numbers is None else predictions.numbers
    outputs = [each for each in (predictions.label, numbers) if each is not None]
    for constant in b.constants:
        renamed[constant.name] = scope.get_unique_variable_name("constant")
        values = numpy_helper.to_array(constant)
        content = [str(each) for each in values.ravel()] if values.dtype == object else values.ravel().tolist()
        container.add_initializer(renamed[constant.name], constant.data_type, list(values.shape), content)
    for node in b.nodes:
        for name in node.output:
            renamed[name] = scope.get_unique_variable_name(name)
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        container.add_node(
            node.op_type,
            [renamed[name] for name in node.input],
            [renamed[name] for name in node.output],
            op_domain=node.domain,
            op_version=b.versions[node.domain],
            name=scope.get_unique_operator_name(node.op_type),
            **attributes,
        )
    for name, output in zip(outputs, operator.outputs, strict=True):
        # Estimators of skl2onnx compute in float32 where all their inputs are.
        kind = output.type._get_element_onnx_type()
        cast = scope.get_unique_operator_name("Cast")
        container.add_node("Cast", [renamed[name]], [output.full_name], op_version=13, name=cast, to=kind)


def _read_inputs(b: GraphBuilder, inputs: list[Any]) -> TensorTable:
    """Return the table that variables of skl2onnx are."""
    dtypes = [_read_dtype(each.type._get_element_onnx_type()) for each in inputs]
    names = [f"input{number}" for number in range(len(inputs))]
    if len(inputs) == 1:
        return MatrixTensor(names[0], int(inputs[0].type.shape[1]), dtypes[0])
    columns = [each.raw_name for each in inputs]
    return ColumnTensors(columns, names, dtypes)
