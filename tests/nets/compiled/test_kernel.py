"""How kernels come to be: what they take, where their machine code is kept, and that
none is made that no network needs.
"""

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import sknet_hp
from sknet_hp.nets.compiled import machine, tape_walk
from sknet_hp.nets.compiled.kernel import _SOURCES, MOST_FIELDS, Kernel, encode_field, make_kernel
from sknet_hp.nets.compiled.kernels import cells, embeddings, heads, pointwise, products  # noqa: F401
from sknet_hp.nets.compiled.tape import LINE, Memory, Place, RowCount, Space, Tape, allocate_lines
from sknet_hp.training.compiled.kernels import augment, loop, losses, updates  # noqa: F401
from sknet_hp.training.rules import stopping
from tests.helpers.kernels import draw_normal, run_kernel
from tests.helpers.scripts import PREAMBLE, run_script


def every_kernel():
    return [each for each in gc.get_objects() if type(each) is Kernel]


def test_every_kernel_fits_into_a_row_of_a_tape():
    kernels = [
        each
        for each in every_kernel()
        if each.function.__module__.startswith("sknet_hp") and each.name not in ("train", "judge")
    ]
    assert len(kernels) > 50
    assert max(len(each.fields) for each in kernels) <= MOST_FIELDS


def test_names_tell_kernels_of_one_pattern_apart():
    """By qualified name and line machine code is found again."""
    ours = [each.function for each in every_kernel() if each.function.__module__.startswith("sknet_hp")]
    named = {(f.__module__, f.__qualname__): f for f in ours}
    assert len(named) == len({id(f) for f in ours})


def test_what_fields_are():
    array = draw_normal(3)
    assert encode_field(array) == array.ctypes.data
    assert encode_field(array[1:]) == array.ctypes.data + 4
    assert encode_field(0.1) == encode_field(np.float64(0.1)) == int(np.float32(0.1).view(np.int32))
    assert encode_field(-0.5) == np.float32(-0.5).view(np.int32)
    assert (encode_field(7), encode_field(True), encode_field(np.int64(-2))) == (7, 1, -2)
    assert encode_field(pointwise.fill) == pointwise.fill.address


# ---- parts and tapes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 16])
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 100, 160])
def test_shares(parts, n):
    """Each item belongs to one part, and no line of the cache to two."""
    shares = [machine.get_share.py_func(n, part, parts) for part in range(parts)]
    assert [i for begin, end in shares for i in range(begin, end)] == list(range(n))
    assert all(begin % 16 == 0 or begin == n for begin, _ in shares)


def test_tapes_say_where_arrays_lie():
    tape = Tape()
    tape.add(pointwise.fill, n=RowCount(3), x=Place(Space.WORK, 8).skip(2), value=0.5)
    tape.add(pointwise.fill, n=7, x=Place(Space.FLOATS), value=1.0)
    bound = (tape + tape).bind({Space.WORK: 1000, Space.FLOATS: 5000}, rows=10)
    assert bound.shape == (4, 1 + MOST_FIELDS)
    assert bound[:2, :4].tolist() == [
        [pointwise.fill.address, 30, 1016, encode_field(0.5)],
        [pointwise.fill.address, 7, 5000, encode_field(1.0)],
    ]
    assert (bound[2:] == bound[:2]).all()
    with pytest.raises(KeyError, match="value"):
        tape.add(pointwise.fill, n=1, x=0)
    with pytest.raises(TypeError, match=r"fill has no fields \['other'\]"):
        tape.add(pointwise.fill, n=1, x=0, value=0.0, other=1)


def test_arrays_begin_at_lines_of_the_cache():
    for n in (1, 16, 17):
        array = allocate_lines(n)
        assert array.shape == (n,)
        assert array.ctypes.data % 64 == 0
        assert not array.any()
    memory = Memory()
    places = [memory.take(floats) for floats in (1, 16, 17, 0, 3)]
    assert [place.offset // 4 for place in places] == [0, 16, 32, 64, 64]
    assert memory.floats == 5 * LINE


def _raise_in_turn(part, parts, steps, counts, barrier):
    own = view_int64s(counts, parts)  # noqa: F821
    for _ in range(steps):
        own[part] += 1
        meet(barrier, parts)  # noqa: F821
        for other in range(parts):
            if own[other] != own[part]:
                own[part] = -1_000_000
        meet(barrier, parts)  # noqa: F821


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_parts_meet(parts):
    """Nobody goes on before all have come, with more threads than there are cores too,
    which sleep then.
    """
    counts, barrier = np.zeros(parts, np.int64), np.zeros(tape_walk.BARRIER, np.int64)
    raise_in_turn = make_kernel(_raise_in_turn, "in_turn", view_int64s=machine.view_int64s, meet=tape_walk.meet)
    fields = {"steps": 200, "counts": counts, "barrier": barrier}
    threads = [
        threading.Thread(target=lambda part=part: raise_in_turn(part=part, parts=parts, **fields))
        for part in range(parts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.tolist() == [200] * parts


def _halve(part, parts, x, flushes):
    before = flush_subnormals() if flushes else 0  # noqa: F821
    x = view_vector(x, 1)  # noqa: F821
    x[0] *= np.float32(0.5)
    if flushes:
        restore_rounding(before)  # noqa: F821


def test_subnormal_numbers_are_flushed_and_only_here():
    halve = make_kernel(
        _halve,
        "halve",
        **{name: getattr(machine, name) for name in ("flush_subnormals", "restore_rounding", "view_vector")},
    )
    tiny = np.finfo(np.float32).tiny
    for flushes, left in ((False, tiny / 2), (True, 0), (False, tiny / 2)):
        x = np.array([tiny])
        run_kernel(halve, x=x, flushes=flushes)
        assert x[0] == left
        assert np.float32(tiny) * np.float32(0.5) > 0


# ---- machine code --------------------------------------------------------------------------------------------------


@Kernel
def double(part, parts, n, x):
    """Used by the tests of caches only."""
    x = machine.view_vector(x, n)
    for i in range(n):
        x[i] += x[i]


def doubled():
    x = np.array([1.5, -2], np.float32)
    Kernel(double.function)(n=2, x=x)
    return x.tolist()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty folder for machine code."""
    from numba.core import config

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def test_machine_code_is_kept_and_found_again(cache, monkeypatch):
    assert doubled() == [3, -4]
    kept = {path.name: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")}
    assert len(kept) == 2
    monkeypatch.setattr(Kernel, "_seconds", 0.0)
    assert doubled() == [3, -4]
    assert Kernel._seconds == 0
    assert {path.name: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")} == kept


def test_machine_code_of_other_sources_is_not_used(cache, monkeypatch):
    from sknet_hp.nets.compiled import kernel as module

    doubled()
    monkeypatch.setattr(module, "_hash_sources", lambda: "of sources that have changed")
    monkeypatch.setattr(Kernel, "_seconds", 0.0)
    assert doubled() == [3, -4]
    assert Kernel._seconds > 0


def test_all_files_with_functions_that_kernels_are_made_of_are_looked_at():
    package = Path(sknet_hp.__file__).parent
    looked_at = {path for pattern in _SOURCES for path in package.glob(pattern)}
    compiled = [module for name, module in sys.modules.items() if name.startswith("sknet_hp.") and ".compiled." in name]
    functions = [
        value.py_func for module in compiled for value in vars(module).values() if isinstance(value, Dispatcher)
    ]
    assert any(function is stopping.improves for function in functions)
    assert {Path(function.__code__.co_filename) for function in functions} <= looked_at


@pytest.mark.parametrize("damage", [b"", b"no machine code", None], ids=["empty", "something else", "the first half"])
@pytest.mark.parametrize("which", ["*.nbi", "*.nbc"])
def test_damaged_files_are_replaced(cache, damage, which):
    doubled()
    for path in cache.rglob(which):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if damage is None else damage)
    assert doubled() == [3, -4]


def test_a_full_disk(cache, monkeypatch):
    from numba.core.caching import IndexDataCacheFile

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "save", full)
    assert doubled() == [3, -4]
    assert not list(cache.rglob("*.nb?"))


def test_nowhere_to_write(monkeypatch, capsys):
    """A read-only installation, and no home: machine code is made in each process,
    which is said.
    """
    from numba.core.caching import _CacheLocator

    def refused(self):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(_CacheLocator, "ensure_cache_path", refused)
    monkeypatch.setattr(Kernel, "_seconds", 100.0)
    monkeypatch.setattr(Kernel, "_told", False)
    assert doubled() == doubled() == [3, -4]
    assert (
        capsys.readouterr().err
        == "sknet_hp compiles its kernels for this CPU, and can not keep them (set NUMBA_CACHE_DIR to a folder)\n"
    )


def test_what_takes_long_is_said_once(cache, monkeypatch, capsys):
    monkeypatch.setattr(Kernel, "_seconds", 0.0)
    monkeypatch.setattr(Kernel, "_told", False)
    doubled()
    assert not capsys.readouterr().err
    monkeypatch.setattr(Kernel, "_seconds", 100.0)
    doubled()
    assert not capsys.readouterr().err  # it was found again
    for path in cache.rglob("*.nb?"):
        path.unlink()
    doubled()
    assert capsys.readouterr().err.startswith("sknet_hp compiles its kernels for this CPU, and keeps them in ")
    for path in cache.rglob("*.nb?"):
        path.unlink()
    doubled()
    assert not capsys.readouterr().err


FIT = """
import gc, hashlib
from sknet_hp.nets.compiled.kernel import Kernel

estimator = fit(num_embedding=None, activation="tanh")
made = [each for each in gc.get_objects() if type(each) is Kernel and each._made]
print(sorted({f"{each.function.__module__.split('.')[-1]}.{each.name}" for each in made}))
print(hashlib.sha256(estimator.tobytes()).hexdigest())
"""


def test_nothing_is_made_that_is_not_used(tmp_path):
    out, _ = run_script(tmp_path, FIT)
    expected = {
        "cells": ["gather"],
        "loop": ["train"],
        "losses": ["cross_entropy", "gather_classes", "gather_weights", "tally"],
        "pointwise": ["add_bias", "fill", "multiply_by_slope", "sum_rows", "tanh"],
        "products": ["multiply", "multiply_columns", "multiply_few_columns"],
        "updates": ["adam"],
    }
    assert eval(out.splitlines()[0]) == [f"{module}.{name}" for module, names in expected.items() for name in names]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_processes_begin_with_nothing_kept(tmp_path):
    """At the same time: both train, the same bits; each says once that it compiles. A
    third finds all, and is silent.
    """
    script = tmp_path / "script.py"
    script.write_text(PREAMBLE + FIT)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}

    def start():
        return subprocess.Popen(
            [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    both = [process.communicate(timeout=250) for process in [start(), start()]]
    third = start().communicate(timeout=100)
    assert both[0][0] == both[1][0] == third[0]
    assert [error.count("sknet_hp compiles its kernels") for _, error in (*both, third)] == [1, 1, 0], both
