"""Registries of checks, and how they are run."""

import pytest

from sknet_hp.findings import Finding
from sknet_hp.findings.check import check, read_switch, register, run_checks


@check("odd", "An odd number")
def find_odd(case):
    if case % 2:
        yield Finding("odd", "info", f"{case} is odd.", {"number": case}, "Add one.")


@check("broken", "Never found")
def fail(case):
    raise KeyError(case)


def test_checks_find():
    assert run_checks(register(find_odd), 3).codes == ["odd"]
    assert run_checks(register(find_odd), 2) == []


def test_a_check_that_fails_costs_nothing_else():
    with pytest.warns(UserWarning, match="the check 'broken' failed"):
        assert run_checks(register(fail, find_odd), 3).codes == ["odd"]


def test_checks_can_be_left_out():
    assert run_checks(register(fail, find_odd), 3, skip={"broken"}).codes == ["odd"]


def test_codes_are_single():
    with pytest.raises(ValueError, match="the same code"):
        register(find_odd, find_odd)


def test_switches():
    registry = register(find_odd, fail)
    assert read_switch(True, registry, "checks") == set()
    assert read_switch(False, registry, "checks") == {"odd", "broken"}
    assert read_switch(["odd"], registry, "checks") == {"broken"}
    with pytest.raises(ValueError, match="checks='even' names 'even'"):
        read_switch("even", registry, "checks")
