"""Packages that `pip install sknet_hp` does not bring."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def require_extra(extra: str, needed_by: str, package: str) -> Iterator[None]:
    """Name the extra to install if what is imported inside is missing.

    Parameters
    ----------
    extra : of sknet_hp that brings the package.
    needed_by, package : as people call them.

    Raises
    ------
    ImportError
        If an import inside fails.

    Examples
    --------
    >>> with require_extra("plot", "a picture", "matplotlib"):
    ...     import nowhere
    Traceback (most recent call last):
    ImportError: a picture needs matplotlib: pip install 'sknet_hp[plot]'
    """
    try:
        yield
    except ImportError as error:
        raise ImportError(f"{needed_by} needs {package}: pip install 'sknet_hp[{extra}]'") from error
