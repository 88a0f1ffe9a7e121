"""Scripts in a process of their own, for what signals, threads and exits do."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]

PREAMBLE = """
import os, signal, sys, threading, time, warnings
import numpy as np
from joblib import Parallel, delayed
import sknet_hp
from sknet_hp import NetClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)

def net(seed=0, **parameters):
    small = {"width": 8, "n_layers": 1, "max_epochs": 2, "early_stopping": False}
    return NetClassifier(**small | {"random_state": seed} | parameters)

def fit(seed=0, **parameters):
    return net(seed, **parameters).fit(X, y).parameters_
"""


def start_script(folder: Path, code: str) -> subprocess.Popen:
    """A python process that runs the code as a file, `PREAMBLE` before it, in a process
    group of its own.
    """
    path = folder / "script.py"
    path.write_text(PREAMBLE + textwrap.dedent(code))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def run_script(folder: Path, code: str, seconds: float = 60) -> tuple[str, str]:
    """(stdout, stderr) of a script that must end well."""
    process = start_script(folder, code)
    try:
        out, error = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, error
    return out, error


def run_code(
    code: str, *arguments: str, folders: Iterable[Path] = (), check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What comes of some lines in a python of their own, which finds this package, the
    tests, and what lies in some more folders.
    """
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [ROOT, *folders]))} | environment,
        capture_output=True,
        encoding="utf-8",
        check=check,
    )


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition, seconds: float = 40) -> bool:
    """Whether the condition comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())
