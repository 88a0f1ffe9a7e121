"""Names of a package that are imported when they are first used."""

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def export_lazily(
    package: str, sources: Mapping[str, str], submodules: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package whose parts are slow to import.

    Type checkers and editors do not follow it: import the same names under
    ``if TYPE_CHECKING`` as well.

    Parameters
    ----------
    package : its `__name__`.
    sources : from a name to the module that defines it.
    submodules : modules of the package that are attributes before anyone imports them.

    Returns
    -------
    __getattr__, __dir__ : functions of a module (PEP 562)
        `__dir__` lists what is in `__all__`, and the submodules.

    Examples
    --------
    >>> get, _ = export_lazily("package", {"sqrt": "math"})
    >>> get("sqrt")(4)
    2.0
    """

    def get_attribute(name: str) -> Any:
        if name in sources:
            return getattr(import_module(sources[name]), name)
        if name in submodules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def list_names() -> list[str]:
        return sorted([*sys.modules[package].__all__, *submodules])

    return get_attribute, list_names
