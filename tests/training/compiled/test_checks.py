"""What kernels take on trust is refused before: they would read and write where they
are told to.
"""

from dataclasses import replace

import numpy as np
import pytest

from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.compiled.program import compile_program
from sknet_hp.nets.init import draw_parameters, make_buffers
from sknet_hp.training.job import EncodedTable, Rows
from sknet_hp.training.prediction import predict
from tests.helpers.encoded_tables import draw_encoded_table
from tests.helpers.jobs import make_job
from tests.helpers.torch_loops import train_compiled

ROWS = 20
INPUTS = draw_encoded_table(ROWS, n_floats=3, bins=(4, 2), categories=(3, 5), words=9, codes=(4, 7))
CODES = Front(n_codes=2, n_categories=11, cat_embedding_dim=3)
GRAPH = trace(MLP(INPUTS.n_features, 3, n_layers=1, width=4, front=CODES))[0]
Y = np.arange(ROWS) % 3


def with_worst(name, value):
    array = getattr(INPUTS, name).copy()
    array.flat[-1] = value
    return replace(INPUTS, **{name: array})


def job_on(inputs=INPUTS, y=Y, weight=None, index=None, **changes):
    job = make_job(n=ROWS, table=EncodedTable(inputs, y, weight), graph=GRAPH, max_epochs=1, **changes)
    return job if index is None else replace(job, train=Rows(job.train.table, index))


WRONG_INPUTS = {
    "code": (with_worst("codes", 11), "11 is a category with a learned vector, of which there are 11"),
    "negative code": (with_worst("codes", -1), "-1 is a category with a learned vector"),
    "no codes": (
        replace(INPUTS, codes=np.zeros((ROWS, 0), np.int32)),
        "takes 2 columns of categories with learned vectors, and is given 0",
    ),
    "category": (
        with_worst("hot", INPUTS.width),
        f"{INPUTS.width} is a column of a category, of which there are {INPUTS.width}",
    ),
    "word": (with_worst("sparse_columns", 1 << 20), "1048576 is a column of a sparse table"),
    "negative word": (with_worst("sparse_columns", -3), "-3 is a column of a sparse table"),
    "bin": (with_worst("bins", 2), "2 is a bin, of which there are 2"),
    "columns": (
        draw_encoded_table(ROWS, n_floats=4, bins=(4, 2), categories=(3, 5), words=9, codes=(4, 7)),
        f"takes {INPUTS.width + 6} columns, and is given {INPUTS.width + 7}",
    ),
}


def test_right_ones_pass():
    train_compiled(job_on())
    train_compiled(job_on(with_worst("hot", -1)))  # an unknown category


def outputs(inputs):
    parameters, buffers = draw_parameters(GRAPH, 0), make_buffers(GRAPH)
    flat = np.concatenate([parameters[name].numpy().ravel() for name, _ in GRAPH.parameters])
    assert not buffers
    return predict(GRAPH, flat, np.zeros(0, np.float32), (), inputs, "cross_entropy", 3)


@pytest.mark.parametrize("name", list(WRONG_INPUTS))
def test_inputs(name):
    """In training, in validation, and in prediction."""
    wrong, message = WRONG_INPUTS[name]
    with pytest.raises(ValueError, match=message):
        train_compiled(job_on(wrong))
    with pytest.raises(ValueError, match=message):
        train_compiled(replace(job_on(), validation=Rows(EncodedTable(wrong, Y))))
    with pytest.raises(ValueError, match=message):
        outputs(wrong)


NUMBERS = np.zeros((ROWS, 3), np.float32)
WRONG_ROWS = {
    "class": ({"y": np.arange(ROWS) % 4}, "3 is the number of a class, of which there are 3"),
    "negative class": ({"y": np.arange(ROWS) - 1}, "-1 is the number of a class"),
    "missing targets": ({"y": Y[:-1]}, r"targets have shape \(19,\), but must be \(20,\)"),
    "columns of targets": (
        {"y": NUMBERS[:, :2], "loss": "mse"},
        r"targets have shape \(20, 2\), but must be \(20, 3\)",
    ),
    "weights": ({"weight": np.ones(ROWS - 1, np.float32)}, r"weights have shape \(19,\), but there are 20 rows"),
    "row": ({"index": np.array([0, ROWS])}, "20 is the number of a row, of which there are 20"),
    "negative row": ({"index": np.array([0, -1])}, "-1 is the number of a row"),
}


@pytest.mark.parametrize("name", list(WRONG_ROWS))
def test_rows(name):
    changes, message = WRONG_ROWS[name]
    job = job_on(**changes)
    with pytest.raises(ValueError, match=message):
        train_compiled(job)
    with pytest.raises(ValueError, match=message):
        train_compiled(
            replace(job_on(**({"loss": "mse", "y": NUMBERS} if "loss" in changes else {})), validation=job.train)
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ">f4"])
def test_other_dtypes_of_targets_and_weights(dtype):
    """Are taken for what they say."""
    y, weight = np.linspace(0, 1, 3 * ROWS).reshape(ROWS, 3), np.linspace(0.5, 2, ROWS)
    y, weight = y.astype(np.float16), weight.astype(np.float16)  # exact in all of them
    expected = train_compiled(job_on(y=y.astype(np.float32), weight=weight.astype(np.float32), loss="mse"))
    found = train_compiled(job_on(y=np.asfortranarray(y.astype(dtype)), weight=weight.astype(dtype), loss="mse"))
    assert np.array_equal(found.state.parameters, expected.state.parameters)


def test_graphs_that_do_not_fit_their_tables():
    """Layers in the middle too."""
    node = GRAPH.nodes[-1]
    (weight, name, (n_outputs, n_inputs)), *others = node.parameters
    wrong = replace(
        GRAPH, nodes=(*GRAPH.nodes[:-1], replace(node, parameters=((weight, name, (n_outputs, n_inputs + 1)), *others)))
    )
    with pytest.raises(ValueError, match="layer 4 of the network, linear, takes 5 columns, and is given 4"):
        compile_program(wrong, INPUTS.form, ROWS, 1, training=True)
