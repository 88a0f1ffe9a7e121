"""Which versions are installed."""

from importlib.metadata import PackageNotFoundError, version


def find_installed_version(name: str) -> str | None:
    """Return the version of a package; None if it is run from a source tree."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
