"""Checks of networks, and what each needs to look at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sknet_hp.findings import Finding
from sknet_hp.findings.check import Check
from sknet_hp.tuning.diagnosis.case import NetworkCase


@dataclass(frozen=True)
class NetworkCheck(Check[NetworkCase]):
    """A check of a trained network.

    Attributes
    ----------
    needs : "curve", which every trained network has, or "rows": X and y as well.
    """

    needs: str = "curve"


def network_check(
    code: str, title: str, needs: str = "curve"
) -> Callable[[Callable[[NetworkCase], Iterable[Finding]]], NetworkCheck]:
    """Return a decorator that makes a check of a function.

    Parameters
    ----------
    code : of its findings.
    title : what the code means, in a few words.
    needs : "curve", or "rows" if nothing can be said without X and y.
    """
    return lambda find: NetworkCheck(code, title, find, needs)
