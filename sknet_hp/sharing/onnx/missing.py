"""What is said where a package for ONNX is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def explain_missing_package() -> Iterator[None]:
    """Name the extra to install where an import of one of its packages fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"exporting needs the package {error.name!r}; install it with: pip install 'sknet_hp[onnx]'"
        ) from error
