"""Files that are small and would be large, with a checksum that fits: refused before
anything of that size is made.
"""

import io
import json
import re
import tracemalloc
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import scipy.sparse
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet_hp
from sknet_hp import SavedModelError
from tests.helpers.saved_files import X, fit_net, read_contents, rewrite

LARGE = 90_000_000  # bytes


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    sknet_hp.save(make_pipeline(StandardScaler().fit(X), fit_net()), path)
    return path


def refused(path):
    """Whether `load` refuses it without making what it promises."""
    tracemalloc.start()
    try:
        with pytest.raises(SavedModelError, match="is damaged"):
            sknet_hp.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak < LARGE / 2 + 4 * path.stat().st_size


def test_text_of_a_width_that_it_has_not(path):
    rewrite(path, lambda tree: '{"texts":["a"],"dtype":"<U400000000"}')
    assert refused(path)


@pytest.mark.parametrize("kind", ["texts", "bytes"])
def test_text_without_rows(path, kind):
    rewrite(
        path,
        lambda tree: f'{{"{kind}":"a0"}}',
        {"a0": np.zeros((0, 2**40), np.uint32 if kind == "texts" else np.uint8)},
    )
    assert refused(path)


def test_characters_that_are_none(path):
    rewrite(path, lambda tree: '{"texts":"a0"}', {"a0": np.full((2, 3), 0x110000, np.uint32)})
    assert refused(path)


@pytest.mark.parametrize("node", ['{"array":"a0"}', '{"skops":"a0"}', '{"texts":"a0"}', '{"array":"a0","order":">"}'])
def test_one_array_many_times(path, node):
    rewrite(path, lambda tree: f'{{"list":[{",".join([node] * 1000)}]}}', {"a0": np.zeros((1, 200_000), np.uint32)})
    assert refused(path)


@pytest.mark.parametrize(
    "node",
    [
        '{"same":0}',
        '{"same":[]}',
        '{"objects":9000000000}',
        '{"tuple":1e9}',
        '{"scalar":"a0"}',
        '{"int":"1e9"}',
        "[[]]",
    ],
)
def test_counts_of_nothing(path, node):
    rewrite(path, lambda tree: node, {"a0": np.zeros(5)})
    assert refused(path)


@pytest.mark.parametrize(
    ("begin", "end"), [('{"list":[', "]}"), ('{"dict":[["a",', "]]}"), ('{"object":"State","state":{"a":', "}}")]
)
def test_nodes_in_nodes(path, begin, end):
    rewrite(path, lambda tree: begin * 100_000 + "1" + end * 100_000)
    assert refused(path)


# ---- steps of pipelines, which are archives ------------------------------------------------------------------------


def with_step(path, make):
    """Put another archive into the place of the scaler's."""
    tree, arrays = read_contents(path)
    name = re.search(r'\{"skops":"(a\d+)"\}', tree)[1]
    rewrite(path, arrays=arrays | {name: np.frombuffer(make(arrays[name].tobytes()), np.uint8)})


def changed(content, change, compression=0):
    """An archive with its description and its files changed."""
    with ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(files.pop("schema.json"))
    files = change(schema, files) or files
    out = io.BytesIO()
    with ZipFile(out, "w", compression) as archive:
        for name, data in (files | {"schema.json": json.dumps(schema).encode()}).items():
            archive.writestr(name, data)
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def test_a_step_as_it_is(path):
    with_step(path, lambda content: changed(content, lambda schema, files: None))
    assert np.array_equal(sknet_hp.load(path).predict(X), make_pipeline(StandardScaler().fit(X), fit_net()).predict(X))


@pytest.mark.parametrize("size", [LARGE, 100_000])
def test_a_file_that_unpacks_to_more(path, size):
    """Also where it is not much: there may be many of them."""
    with_step(
        path,
        lambda content: changed(
            content, lambda schema, files: dict.fromkeys(files, npy(np.zeros(size, bool))), ZIP_DEFLATED
        ),
    )
    assert path.stat().st_size < LARGE / 100
    assert refused(path)


def test_an_array_shorter_than_it_says(path):
    lie = npy(np.zeros(3)).replace(b"(3,), }" + b" " * 10, b"(99999999999,), }")
    assert b"99999999999" in lie
    with_step(path, lambda content: changed(content, lambda schema, files: dict.fromkeys(files, lie)))
    assert refused(path)


def test_one_file_for_many_nodes(path):
    def repeat(schema, files):
        name, zeros = next(iter(files)), npy(np.zeros(200_000))
        node = {
            "__class__": "ndarray",
            "__module__": "numpy",
            "__loader__": "NdArrayNode",
            "type": "numpy",
            "file": name,
        }
        items = [node | {"__id__": 10**6 + number} for number in range(1000)]
        schema["content"]["content"]["more"] = {
            "__class__": "list",
            "__module__": "builtins",
            "__loader__": "ListNode",
            "__id__": 7,
            "content": items,
        }
        return files | {name: zeros}

    with_step(path, lambda content: changed(content, repeat))
    assert refused(path)


def test_a_sparse_matrix_that_unpacks_to_more(path):
    out = io.BytesIO()
    scipy.sparse.save_npz(
        out,
        scipy.sparse.csr_matrix(
            (np.zeros(LARGE // 12), (np.zeros(LARGE // 12, np.int32), np.zeros(LARGE // 12, np.int32)))
        ),
    )
    with_step(path, lambda content: changed(content, lambda schema, files: dict.fromkeys(files, out.getvalue())))
    assert refused(path)


def test_honest_archives_of_large_arrays_are_taken():
    """skops does not compress: they are as large as what they hold."""
    from sknet_hp.estimators.persistence.archives import check_sizes

    scaler = StandardScaler()
    scaler.mean_ = np.zeros(LARGE // 8)
    check_sizes(skops.io.dumps(scaler))
