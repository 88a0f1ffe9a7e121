"""Which versions are installed."""

from importlib.metadata import PackageNotFoundError, version


def installed_version(name: str) -> str | None:
    """The version of an installed package, None if it is run from a source tree."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
