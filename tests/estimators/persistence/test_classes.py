"""The table of classes that a saved file may name."""

import pytest

from sknet_hp.estimators.persistence.classes import CLASS_PATHS, find_class, name_class
from tests.helpers.scripts import run_code


@pytest.mark.parametrize("name", CLASS_PATHS)
def test_each_name_leads_to_its_class_and_back(name):
    cls = find_class(name)
    assert isinstance(cls, type), f"{name}: {CLASS_PATHS[name]} is no class; has it moved?"
    assert name_class(cls) == name


def test_a_class_that_poses_as_ours_has_no_name():
    module, _, own = CLASS_PATHS["State"].rpartition(".")
    assert name_class(type(own, (), {"__module__": module})) is None


def test_classes_are_imported_when_a_file_asks_for_them():
    code = (
        "import sys, sknet_hp.estimators.persistence.classes as classes; "
        "print([place for place in classes.CLASS_PATHS.values() if place.rpartition('.')[0] in sys.modules])"
    )
    assert run_code(code).stdout.strip() == "[]"
