import sys
from importlib import import_module
from types import ModuleType

import pytest

from sknet_hp.system.lazy_exports import export_lazily
from tests.helpers.scripts import run_code

LAZY = ["sknet_hp", "sknet_hp.evaluation", "sknet_hp.report", "sknet_hp.search", "sknet_hp.tuning"]


def test_names_come_from_their_modules(monkeypatch):
    package = ModuleType("lazy_package")
    package.__all__ = ["sqrt", "eager"]
    package.__getattr__, package.__dir__ = export_lazily("lazy_package", {"sqrt": "math"}, ["late"])
    monkeypatch.setitem(sys.modules, "lazy_package", package)
    monkeypatch.setitem(sys.modules, "lazy_package.late", ModuleType("lazy_package.late"))
    assert package.sqrt(9) == 3
    assert package.late is sys.modules["lazy_package.late"]
    assert dir(package) == ["eager", "late", "sqrt"]
    with pytest.raises(AttributeError, match="module 'lazy_package' has no attribute 'cbrt'"):
        package.cbrt  # noqa: B018 (reading it is the test)


@pytest.mark.parametrize("name", LAZY)
def test_all_that_a_room_names_is_there(name):
    package = import_module(name)
    assert set(package.__all__) <= set(dir(package))
    assert [each for each in package.__all__ if getattr(package, each) is None] == []


def test_nothing_is_imported_before_it_is_used():
    code = (
        "import sys, sknet_hp.report, sknet_hp.tuning, sknet_hp.evaluation; "
        "print([name for name in ('torch', 'sklearn', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    assert run_code(code).stdout.strip() == "[]"
