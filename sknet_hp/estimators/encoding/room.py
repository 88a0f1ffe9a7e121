"""Whether there is memory for an encoded table, before it is made."""

from sknet_hp.system.memory import available_memory, size_in_words

_WORTH_ASKING = 2**26  # bytes; asking takes a tenth of a millisecond


def check_room(n_rows: int, row_bytes: int) -> None:
    """Make sure that there is memory for encoded rows.

    Raises
    ------
    MemoryError
        If there is less than they take: an operating system would promise it all the
        same, and end the process while it is filled.
    """
    needed = n_rows * row_bytes
    available = available_memory() if needed >= _WORTH_ASKING else None
    if available is not None and needed > available:
        raise MemoryError(
            f"the encoded table needs {n_rows:,} rows × {row_bytes:,} bytes = {size_in_words(needed)} of memory, and "
            f"{size_in_words(available)} are available. Use fewer columns (by feature selection before the network, "
            f"or num_embedding='none'), fewer rows, or a machine with more memory."
        )
