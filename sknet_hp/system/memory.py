"""How much memory this process may still take."""

import os
from pathlib import Path

# limit, usage, statistics, and in those the file cache that the kernel gives back when asked (control groups 2 and 1)
_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
        "total_inactive_file",
    ),
)


def read_available_memory() -> int | None:
    """Return how many bytes this process may still take, None where nobody says.

    It is the least of what the machine has, what the process's control group (its
    container) leaves, and what its own limit leaves.
    """
    bounds = [
        bound
        for bound in (_read_free_on_machine(), _read_free_in_cgroup(), _read_free_under_rlimit())
        if bound is not None
    ]
    return min(bounds) if bounds else None


def _read_numbers(path: str) -> dict[str, int]:
    """Return the numbers of a file's lines, ``name number``, by their names.

    A file with nothing but a number has it under the empty name.
    """
    numbers = {}
    try:
        for line in Path(path).read_text().splitlines():
            *name, number = line.split()[:2]
            numbers["".join(name).rstrip(":")] = int(number)
    except (OSError, ValueError):
        pass  # no such file, or "max", which is no limit
    return numbers


def _read_free_on_machine() -> int | None:
    free = _read_numbers("/proc/meminfo").get("MemAvailable")
    if free is not None:
        return free * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _read_free_in_cgroup() -> int | None:
    for limit_file, usage_file, stat_file, reclaimable in _CGROUPS:
        limit, usage = _read_numbers(limit_file).get(""), _read_numbers(usage_file).get("")
        if limit is not None and usage is not None:
            return max(0, limit - usage + _read_numbers(stat_file).get(reclaimable, 0))
    return None


def _read_free_under_rlimit() -> int | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        taken = 0
    return max(0, limit - taken)
