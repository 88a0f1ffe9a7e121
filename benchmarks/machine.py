"""What numbers were measured on: they mean nothing without it."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch


def machine(*packages: str) -> dict[str, Any]:
    """The CPU, Python, and the versions of those of the packages that are installed
    (and of what is always there).
    """
    cpu = platform.processor()
    with suppress(OSError, StopIteration), open("/proc/cpuinfo") as file:
        cpu = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    versions = {}
    for name in ("sknet_hp", "torch", "scikit-learn", "numpy", "joblib", *packages):
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return {
        "cpu": cpu,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "versions": versions,
    }
