"""Checks: functions that look for one kind of finding, and registries of them."""

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sknet_hp.findings.finding import Finding, Findings

Case = TypeVar("Case")
"""What a check looks at."""


@dataclass(frozen=True)
class Check(Generic[Case]):
    """A check, with the name of what it finds.

    Attributes
    ----------
    code : of its findings.
    title : what the code means, in a few words.
    find : looks at a case and gives findings of this code.
    """

    code: str
    title: str
    find: Callable[[Case], Iterable[Finding]]

    def __call__(self, case: Case) -> Iterable[Finding]:
        """Return what is found in a case."""
        return self.find(case)


def check(code: str, title: str) -> Callable[[Callable[[Case], Iterable[Finding]]], Check[Case]]:
    """Return a decorator that makes a check of a function.

    Parameters
    ----------
    code : of its findings.
    title : what the code means, in a few words.
    """
    return lambda find: Check(code, title, find)


def register(*checks: Check[Case]) -> dict[str, Check[Case]]:
    """Return a registry of checks, by code."""
    registry = {each.code: each for each in checks}
    if len(registry) < len(checks):
        raise ValueError(f"two checks have the same code: {[each.code for each in checks]}")
    return registry


def run_checks(registry: Mapping[str, Check[Case]], case: Case, skip: Collection[str] = ()) -> Findings:
    """Return what the checks of a registry find in a case.

    A check that fails is left out with a warning: what it was to look at, an evaluation
    of hours say, must not be lost for it.

    Parameters
    ----------
    registry : checks by code.
    case : what they look at.
    skip : codes that are not looked for.
    """
    found: list[Finding] = []
    for code, each in registry.items():
        if code in skip:
            continue
        try:
            found += each(case)
        except Exception as error:
            warnings.warn(
                f"the check {code!r} failed ({type(error).__name__}: {error}); the other checks are not affected",
                UserWarning,
                stacklevel=2,
            )
    return Findings(found)


def read_switch(given: Any, registry: Mapping[str, Any], name: str) -> set[str]:
    """Return which codes a switch leaves out: True none, False all, a list the rest.

    Parameters
    ----------
    given : True, False, or codes that are looked for.
    registry : checks by code.
    name : of the parameter, for errors.

    Raises
    ------
    ValueError
        If a code is not known.
    """
    if isinstance(given, bool):
        return set() if given else set(registry)
    wanted = [given] if isinstance(given, str) else list(given)
    unknown = [code for code in wanted if code not in registry]
    if unknown:
        raise ValueError(f"{name}={given!r} names {unknown[0]!r}, which no check is called; known are {list(registry)}")
    return set(registry) - set(wanted)
