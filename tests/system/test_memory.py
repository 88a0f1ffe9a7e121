"""What is known of the machine's memory."""

from sknet_hp.system import memory
from tests.helpers.scripts import run_code


def test_this_machine_has_memory():
    assert memory.read_available_memory() > 0


def test_control_group_counts_its_file_cache_as_free(tmp_path, monkeypatch):
    for name, content in {
        "max": "1000",
        "current": "900",
        "stat": "anon 300\ninactive_file 500\n",
        "unlimited": "max",
    }.items():
        (tmp_path / name).write_text(content)
    group = (str(tmp_path / "max"), str(tmp_path / "current"), str(tmp_path / "stat"), "inactive_file")
    monkeypatch.setattr(memory, "_CGROUPS", (group,))
    assert memory._read_free_in_cgroup() == 600
    monkeypatch.setattr(memory, "_CGROUPS", ((str(tmp_path / "unlimited"), *group[1:]),))
    assert memory._read_free_in_cgroup() is None


def test_limit_of_the_process_counts():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9));from sknet_hp.system.memory import "
        "read_available_memory; print(read_available_memory())"
    )
    assert 0 < int(run_code(code).stdout) < 10**9
