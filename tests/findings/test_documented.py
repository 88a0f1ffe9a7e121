"""Every finding has its section in docs/findings.md."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from sknet_hp.findings.check import Check
from tests.helpers.sources import MODULES

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"

REGISTRIES = sorted(
    (module, name)
    for module, source in MODULES.items()
    for name in re.findall(r"^(\w+_CHECKS)\b.* = register\(", source.read_text(encoding="utf-8"), re.MULTILINE)
)
"""Every registry of the package, by its module and its name."""

OF_RATE_TESTS = {"little_learned", "seeds_disagree"}
"""What a learning-rate test says of itself; no registry has it."""


def list_sections():
    return re.findall(r"^### `(\w+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def get_registry(module, name):
    return getattr(import_module(module), name)


def test_registries_are_found():
    assert ("sknet_hp.findings.data.find", "DATA_CHECKS") in REGISTRIES


@pytest.mark.parametrize(("module", "name"), REGISTRIES)
def test_codes_have_sections(module, name):
    codes = get_registry(module, name)
    assert [code for code in codes if code not in list_sections()] == []
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")


def test_sections_have_codes():
    known = {code for each in REGISTRIES for code in get_registry(*each)}
    sections = list_sections()
    assert set(sections) <= known | OF_RATE_TESTS
    assert len(sections) == len(set(sections)), "one code, one section"


@pytest.mark.parametrize(("module", "name"), REGISTRIES)
def test_checks_are_filed_under_their_codes(module, name):
    for code, check in get_registry(module, name).items():
        assert isinstance(check, Check)
        assert check.code == code
        assert check.title
