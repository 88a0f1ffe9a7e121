"""Runs a test module that another package brings, in a process of its own, with
something of ours put in its way by a pytest plugin.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Ran(NamedTuple):
    """How many tests passed, and how many failed or could not be run; and what pytest
    printed last.
    """

    passed: int
    failed: int
    report: str


def run(suite, *plugins, timeout=380):
    """Run a suite, by the name of its module, with plugins from this folder."""
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    options = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(HERE)]
    options += [part for plugin in plugins for part in ("-p", f"tests.conformance.{plugin}")]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", *options, "--pyargs", suite]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)
    last = ran.stdout.strip().splitlines()[-1] if ran.stdout.strip() else ""
    counts = {outcome: int(number) for number, outcome in re.findall(r"(\d+) (passed|failed|error)", last)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    return Ran(counts.get("passed", 0), failed or int(ran.returncode != 0), ran.stdout[-6000:] + ran.stderr[-2000:])
