"""A check that there is memory for an encoded table, before it is made."""

from sknet_hp.formatting.numbers import format_bytes
from sknet_hp.system.memory import read_available_memory

_WORTH_ASKING = 2**26  # bytes; asking takes a tenth of a millisecond


def check_memory(n_rows: int, row_bytes: int) -> None:
    """Check that there is memory for encoded rows.

    Raises
    ------
    MemoryError
        If there is less than they take. An operating system would promise it all the
        same, and end the process while it is filled.
    """
    needed = n_rows * row_bytes
    available = read_available_memory() if needed >= _WORTH_ASKING else None
    if available is not None and needed > available:
        raise MemoryError(
            f"the encoded table needs {n_rows:,} rows × {row_bytes:,} bytes = {format_bytes(needed)} of memory, and "
            f"{format_bytes(available)} are available. Use fewer columns (by feature selection before the network, "
            f"or num_embedding='none'), fewer rows, or a machine with more memory."
        )
