"""Estimators that are not ours, converted by skl2onnx, networks inside them by us."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, is_classifier, is_clusterer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder
from sklearn.tree import BaseDecisionTree

from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.persistence.classes import iterate_estimators
from sknet_hp.sharing.onnx.builder import OPSETS, GraphBuilder
from sknet_hp.sharing.onnx.tables import ColumnTensors, MatrixTensor, TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, read_classes
from sknet_hp.system.extras import require_extra

AddModel = Callable[[GraphBuilder, Any, TensorTable], Predictions]


def add_transformer(b: GraphBuilder, step: Any, table: TensorTable) -> TensorTable:
    """Add a fitted transformer, and return the table it makes.

    Raises
    ------
    TypeError
        If skl2onnx has no converter for it.
    """
    if is_classifier(step):
        raise TypeError(
            f"{type(step).__name__} can not be exported as a step: skl2onnx converts its predict, not its transform. "
            f"Leave the step out"
        )
    converted, inputs = _convert(b, step, _join_columns(b, table))
    number = 1 if is_clusterer(step) else 0  # before the distances come the labels of clusters
    name = b.include(converted, inputs)[number]
    kind = converted.graph.output[number].type.tensor_type
    return MatrixTensor(name, _count_columns(step, kind), _read_dtype(kind.elem_type))


def add_estimator(
    b: GraphBuilder, model: Any, table: TensorTable, ours: tuple[type, ...], add_model: AddModel
) -> Predictions:
    """Add a fitted estimator that is not ours, in which there may be some of ours.

    Parameters
    ----------
    ours : classes that skl2onnx does not know.
    add_model : what adds one of these.

    Raises
    ------
    TypeError
        If it has no ONNX form, or one that takes numbers alone.
    """
    joined = _join_columns(b, table)
    text = [column for column, _, dtype, _ in table.list_tensors() if dtype is object]
    if text and any(isinstance(part, ours) for part in iterate_estimators(model)):
        raise TypeError(
            f"a {type(model).__name__} around networks can be exported if all its columns are numbers; {text[:5]} are "
            f"text. Wrappers that take any table are those of voting, averaging, bagging, stacking, calibration and "
            f"thresholds, MultiOutputRegressor and TransformedTargetRegressor. Use one of these, or a pipeline whose "
            f"first step makes numbers of the columns"
        )
    for kind in ours:
        _register(kind, add_model)
    if _is_of_trees(model):
        joined = _round_numbers(b, joined)
    converted, inputs = _convert(b, model, joined)
    outputs = b.include(converted, inputs)
    if not is_classifier(model):
        numbers = b.cast(outputs[0], np.float64)
        dimensions = converted.graph.output[0].type.tensor_type.shape.dim
        flat = len(dimensions) < 2 or dimensions[1].dim_value <= 1
        return Predictions(numbers=b.add("Reshape", numbers, np.array([0, -1], np.int64)), flat=flat)
    # skl2onnx calls scores probabilities where there are none.
    has_probabilities = len(outputs) > 1 and hasattr(model, "predict_proba")
    # Some labels come as a column.
    label = b.add("Reshape", outputs[0], np.array([-1], np.int64))
    return Predictions(label, b.cast(outputs[1], np.float64) if has_probabilities else None)


def add_scores(b: GraphBuilder, model: Any, table: TensorTable) -> str:
    """Add a fitted classifier, and return what its decision_function does.

    Returns
    -------
    scores : the name of (rows, classes) float64, of (rows, 1) if there are two classes

    Raises
    ------
    TypeError
        If skl2onnx does not give them.
    """
    converted, inputs = _convert(b, model, _join_columns(b, table), {"raw_scores": True})
    scores = b.cast(b.include(converted, inputs)[1], np.float64)
    return b.add("Gather", scores, np.array([-1], np.int64), axis=1) if len(model.classes_) == 2 else scores


def _join_columns(b: GraphBuilder, table: TensorTable) -> TensorTable:
    """Return a table of numbers alone, or of text, as one tensor.

    Most estimators want it so.
    """
    text = [dtype is object for _, _, dtype, _ in table.list_tensors()]
    if len(text) < 2 or any(text) != all(text):
        return table
    if all(text):
        columns = [table.read_text(b, column) for column in range(table.n_columns)]
        return MatrixTensor(b.concatenate(columns), table.n_columns, object)
    return MatrixTensor(table.read_numbers(b, range(table.n_columns)), table.n_columns, np.float64)


def _is_of_trees(model: Any) -> bool:
    """Return whether an estimator is a decision tree of scikit-learn, or many."""
    members = np.ravel(getattr(model, "estimators_", [model]))
    return all(isinstance(member, BaseDecisionTree) for member in members)


def _round_numbers(b: GraphBuilder, table: TensorTable) -> TensorTable:
    """Return a table whose numbers are rounded to float32, as trees are given them."""
    rounded = b.cast(table.read_numbers(b, range(table.n_columns)), np.float32)
    return MatrixTensor(b.cast(rounded, np.float64), table.n_columns, np.float64)


def _convert(
    b: GraphBuilder, model: Any, table: TensorTable, options: dict[str, Any] | None = None
) -> tuple[Any, dict[str, str]]:
    """Return the model that skl2onnx makes, and the tensor for each of its inputs.

    It computes in float64, as scikit-learn does, where onnxruntime can, else in
    float32.
    """
    tensors = table.list_tensors()
    model = _name_missing_text(model)
    columns = [(column, dtype, width) for column, _, dtype, width in tensors]
    given = [name for _, name, _, _ in tensors]
    try:
        converted = _convert_from(model, columns, options or {})
    except TypeError:
        if not any(dtype is np.float64 for _, dtype, _ in columns):
            raise
        columns = [(column, np.float32 if dtype is np.float64 else dtype, width) for column, dtype, width in columns]
        converted = _convert_from(model, columns, options or {})
        given = [b.cast(name, np.float32) if dtype is np.float64 else name for _, name, dtype, _ in tensors]
    # skl2onnx has names of its own for inputs whose names have dots, say.
    return converted, dict(zip([each.name for each in converted.graph.input], given, strict=True))


def _name_missing_text(model: Any) -> Any:
    """Return a copy in which the empty string stands for missing text."""
    model = deepcopy(model)
    for part in iterate_estimators(model):
        if isinstance(part, SimpleImputer) and is_of_text(part):
            part.missing_values = ""
        if isinstance(part, (OneHotEncoder, OrdinalEncoder, TargetEncoder)) and hasattr(part, "categories_"):
            part.categories_ = [name_missing(each) if each.dtype == object else each for each in part.categories_]
    return model


def name_missing(categories: np.ndarray) -> np.ndarray:
    """Return categories of text, the empty string for None and NaN."""
    # NaN alone differs from itself.
    return np.array(["" if each is None or each != each else each for each in categories], object)


def is_of_text(imputer: SimpleImputer) -> bool:
    """Return whether an imputer, if it is fitted, fills in text."""
    # Its statistics are objects even if it fills in a constant that is a number.
    return any(isinstance(filled, str) for filled in np.ravel(getattr(imputer, "statistics_", 0.0)))


def _convert_from(model: Any, columns: list[tuple[str, Any, int]], options: dict[str, Any]) -> Any:
    """Return the model that skl2onnx makes for inputs of these types and widths.

    Raises
    ------
    TypeError
        If it makes none, or one that onnxruntime does not run.
    """
    with require_extra("onnx", "export", "skl2onnx"):
        from skl2onnx import convert_sklearn
        from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    given = [(column, _make_type(dtype, width)) for column, dtype, width in columns]
    for zipmap in [{"zipmap": False}, {}] if is_classifier(model) else [{}]:
        own = options | zipmap
        try:
            converted = convert_sklearn(
                model, initial_types=given, target_opset=OPSETS, options={id(model): own} if own else None
            )
            break
        except (MissingConverter, MissingShapeCalculator) as error:
            raise TypeError(_explain(model, "skl2onnx has no converter for it")) from error
        except (NameError, NotImplementedError, RuntimeError, ValueError) as error:
            if isinstance(error, NameError) and zipmap:  # not an option of all classifiers
                continue
            reason = _shorten(error.__cause__ or error)
            raise TypeError(_explain(model, f"skl2onnx does not convert it as it is ({reason})")) from error
    if converted.functions:
        raise TypeError(_explain(model, "skl2onnx writes it with functions of its own, which fit into no other graph"))
    _check_runnable(model, converted)
    return converted


def _check_runnable(model: Any, converted: Any) -> None:
    """Refuse operators that onnxruntime does not have, for the types they take."""
    with require_extra("onnx", "export", "onnxruntime"):
        from onnxruntime import InferenceSession, SessionOptions
        from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph
        from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as Unsupported
    quiet = SessionOptions()
    quiet.log_severity_level = 4  # fatal alone; the error says the rest
    try:
        InferenceSession(converted.SerializeToString(), quiet, providers=["CPUExecutionProvider"])
    except (Fail, InvalidGraph, Unsupported) as error:
        raise TypeError(_explain(model, f"onnxruntime does not run it ({_shorten(error)})")) from error


def _shorten(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(". ")


def _explain(model: Any, reason: str) -> str:
    """Return the message that a model can not be exported, and what to do."""
    if not hasattr(model, "predict"):
        advice = (
            "Leave the step out, since networks of sknet_hp encode text, categories, dates and missing values and "
            "scale numbers themselves"
        )
    elif any(isinstance(part, BaseNet) for part in iterate_estimators(model)):
        advice = "Export the networks in it by themselves"
    else:
        advice = "Use another estimator in its place"
    return (
        f"{type(model).__name__} can not be exported: {reason}. {advice}; or register a converter with "
        f"skl2onnx.update_registered_converter"
    )


def _make_type(dtype: type, width: int) -> Any:
    from skl2onnx.common.data_types import (
        BooleanTensorType,
        DoubleTensorType,
        FloatTensorType,
        Int64TensorType,
        StringTensorType,
    )

    kinds: dict[Any, Any] = {
        np.float64: DoubleTensorType,
        np.float32: FloatTensorType,
        np.int64: Int64TensorType,
        np.bool_: BooleanTensorType,
        object: StringTensorType,
    }
    return kinds[dtype]([None, width])


def _read_dtype(elem_type: int) -> type:
    from onnx import helper

    dtype = helper.tensor_dtype_to_np_dtype(elem_type)
    return object if dtype.kind in "OU" else dtype.type


def _count_columns(step: Any, kind: Any) -> int:
    """Return how many columns a transformer makes."""
    try:
        return len(step.get_feature_names_out())
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
