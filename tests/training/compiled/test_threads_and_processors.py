"""The same bits whatever threads libraries are given, and on processors with wide
registers and narrow ones.
"""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.training.compiled.training import is_worth_sharing
from tests.helpers.jobs import is_same_result, make_job
from tests.helpers.scripts import PREAMBLE
from tests.helpers.torch_loops import train_compiled

DIGEST = """
import hashlib
warnings.simplefilter("ignore")
shape = {"num_embedding": "pbld", "width": 40, "n_layers": 2, "activation": "gelu", "normalization": "layer"}
numbers = fit(**shape, dropout=0.1, max_epochs=3)
print(hashlib.sha256(numbers.tobytes()).hexdigest())
"""


def job():
    """Of a network that is worth a second core."""
    graph, rates = trace(MLP(20, 3, n_layers=2, width=256, dropout=0.1))
    job = make_job(n=300, n_valid=100, n_features=20, graph=graph, layer_rates=rates, batch_size=256, max_epochs=2)
    assert is_worth_sharing(job)
    return job


def test_threads_of_libraries():
    expected = train_compiled(job(), cores=2)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            with threadpool_limits(threads):
                assert is_same_result(train_compiled(job(), cores=2), expected)
    finally:
        torch.set_num_threads(before)


def test_rounding_of_the_callers_thread():
    """Some libraries let tiny numbers count as zero in their threads, which is not to
    be seen, nor changed.
    """
    expected = train_compiled(job())
    try:
        assert torch.set_flush_denormal(True)
        assert is_same_result(train_compiled(job()), expected)
    finally:
        torch.set_flush_denormal(False)
    assert np.float32(1e-40) * np.float32(0.5) > 0


def digest(folder, preamble="", **environment):
    folder.mkdir()
    script = folder / "script.py"
    script.write_text(preamble + PREAMBLE + DIGEST)
    found = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=os.environ | environment, timeout=350
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_threads_of_processes(tmp_path):
    variables = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    found = {digest(tmp_path / str(n), **dict.fromkeys(variables, str(n))) for n in (1, 2)}
    assert len(found) == 1


PROCESSOR = """
import llvmlite.binding
own = llvmlite.binding.get_host_cpu_features()

def features():
    features = type(own)(own)
    features.update({name: False for name in own if name.startswith(WITHOUT)})
    return features

llvmlite.binding.get_host_cpu_features, llvmlite.binding.get_host_cpu_name = features, lambda: NAME
from sknet_hp.nets.compiled import machine
assert machine.count_lanes() == LANES
"""
PROCESSORS = [(8, "haswell", ("avx512",)), (4, "x86-64", ("avx", "fma", "f16c", "vaes", "vpclmul", "xop"))]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="names of x86's registers")
@pytest.mark.parametrize(("lanes", "name", "without"), PROCESSORS, ids=["AVX2", "SSE2, without fused operations"])
def test_older_processors(tmp_path, lanes, name, without):
    """Machine code for registers of half and of a quarter of AVX-512's width has the
    bits of that for this processor.
    """
    preamble = f"NAME, LANES, WITHOUT = {name!r}, {lanes}, {without!r}\n" + PROCESSOR
    older = digest(tmp_path / "older", preamble, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
    assert older == digest(tmp_path / "own")
