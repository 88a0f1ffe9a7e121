"""Graphs of ONNX run on arrays, and encoders and networks put into them."""

import json

import numpy as np
import onnx
from onnx import helper

from sknet_hp.sharing.onnx.builder import GraphBuilder, describe_tensor
from sknet_hp.sharing.onnx.encoding.table import add_encoding
from sknet_hp.sharing.onnx.inputs import DATES, make_inputs
from sknet_hp.sharing.onnx.tables import ColumnTensors


def run_graph(add, **arrays):
    """What `add`, given a builder and the names of arrays, adds, computed by onnxruntime."""
    import onnxruntime

    b = GraphBuilder(list(arrays))
    b.rename(add(b, *arrays), "result")
    inputs = [describe_tensor(name, array.dtype.type, [None] * array.ndim) for name, array in arrays.items()]
    result = helper.make_empty_tensor_value_info("result")
    model = b.make_model(
        inputs, [onnx.shape_inference.infer_shapes(b.make_model(inputs, [result], {})).graph.output[0]], {}
    )
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, arrays)[0]


def encode_in_onnx(encoder, X):
    """A table encoded by onnxruntime."""
    import onnxruntime

    b = GraphBuilder(list(X.columns))
    text = {X.columns[column] for column in encoder.text_columns}
    zones = {X.columns[date.column]: date.zone_ for date in encoder.learned.dates}
    dtypes = [object if name in text else np.float64 for name in X.columns]
    b.rename(add_encoding(b, encoder.learned, ColumnTensors(X.columns, X.columns, dtypes)), "result")
    inputs = [describe_tensor(name, dtype, [None, 1]) for name, dtype in zip(X.columns, dtypes, strict=True)]
    model = b.make_model(inputs, [describe_tensor("result", np.float32, [None, None])], {DATES: json.dumps(zones)})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    known = {each.name for each in session.get_inputs()}
    return session.run(None, {name: cells for name, cells in make_inputs(session, X).items() if name in known})[0]
