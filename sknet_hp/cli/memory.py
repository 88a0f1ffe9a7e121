"""Memory: whether there is enough, and whether it has run out."""

from sknet_hp.cli.errors import BadInput
from sknet_hp.formatting.numbers import format_bytes
from sknet_hp.system.memory import read_available_memory


def require_memory(needed: float, what: str) -> None:
    """Raise where `needed` bytes exceed what is available.

    Parameters
    ----------
    needed : float
        Bytes.
    what : str
        The beginning of the sentence, for example ``"'big.csv' (1,000 rows, 3
        columns)"``.

    Raises
    ------
    BadInput
        If less is available.
    """
    available = read_available_memory()
    if available is not None and needed > available:
        raise BadInput(
            f"{what} needs about {format_bytes(needed)} of memory and {format_bytes(available)} are available: use "
            f"fewer rows or columns, or a machine with more memory"
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception says that memory ran out.

    The words are those of Python, torch, NumPy and the operating system.
    """
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    phrases = (
        "out of memory",
        "can't allocate memory",
        "cannot allocate memory",
        "not enough memory",
        "unable to allocate",
        "bad_alloc",
    )
    return any(phrase in text for phrase in phrases)
