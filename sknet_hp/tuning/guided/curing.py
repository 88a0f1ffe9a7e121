"""What is wrong with the learning curves of a network, and what to try against it."""

from collections.abc import Collection, Mapping
from typing import Any

from sknet_hp.formatting.values import format_params
from sknet_hp.tuning.guided.changes import Change

_NOT_TRIED = {"max_epochs", "warm_start", "n_members", "random_state"}
"""Parameters that the search itself decides about."""


def diagnose_network(network: Any, checks: bool | str | Collection[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the codes of what is found, the worst first, each with its remedy.

    Parameters
    ----------
    network : fitted network, or pipeline that ends with one.
    checks : as `GuidedSearchCV` takes them. Codes choose among other checks: what
        stages go by is looked for unless it is False.
    """
    from sknet_hp.tuning.diagnosis.diagnose import diagnose

    if checks is False:
        return []
    found = [finding for finding in diagnose(network) if finding.severity != "info"]
    return [(finding.code, _keep_plain(finding.remedy)) for finding in found]


def list_remedies(found: Collection[tuple[str, dict[str, Any]]]) -> list[Change]:
    """Return what to try against what was found."""
    return [Change(f"{format_params(params)} against {code}", params) for code, params in found if params]


def _keep_plain(remedy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a remedy by the names of the network; empty if a search cannot try it."""
    plain = {name.rsplit("__", 1)[-1]: value for name, value in remedy.items()}
    is_plain = all(isinstance(value, (int, float, str, bool, type(None))) for value in plain.values())
    return plain if is_plain and _NOT_TRIED.isdisjoint(plain) else {}
