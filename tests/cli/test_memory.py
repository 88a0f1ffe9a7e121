import pytest

from sknet_hp.cli import memory


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried "
                "to allocate 400 bytes"
            ),
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
