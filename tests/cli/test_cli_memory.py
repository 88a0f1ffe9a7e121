import subprocess
import sys

import pytest

from sknet_hp.cli import memory


def test_this_machine_has_memory():
    assert memory.available_memory() > 0


def test_control_group_counts_its_file_cache_as_free(tmp_path, monkeypatch):
    for name, content in {"max": "1000", "current": "900", "stat": "anon 300\ninactive_file 500\n", "unlimited": "max"}.items():
        (tmp_path / name).write_text(content)
    group = (str(tmp_path / "max"), str(tmp_path / "current"), str(tmp_path / "stat"), "inactive_file")
    monkeypatch.setattr(memory, "_CGROUPS", (group,))
    assert memory._free_in_cgroup() == 600
    monkeypatch.setattr(memory, "_CGROUPS", ((str(tmp_path / "unlimited"), *group[1:]),))
    assert memory._free_in_cgroup() is None


def test_limit_of_the_process_counts():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9));"
        "from sknet_hp.cli.memory import available_memory; print(available_memory())"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 0 < int(output) < 10**9


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 400 bytes"),
            True,
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("shapes do not match"), False),
        (OSError(2, "No such file or directory"), False),
    ],
)
def test_words_for_memory_that_ran_out(error, expected):
    assert memory.is_out_of_memory(error) is expected
