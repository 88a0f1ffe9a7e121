"""Which jobs may train in one cohort: what the fields of a job say about it."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

COHORT = "cohort"
"""The entry of a field's metadata that has its mark."""

CohortKey = tuple[Hashable, ...]
"""Jobs with equal keys may train in one cohort."""


@dataclass(frozen=True)
class Mark:
    """Whether the jobs of a cohort must be alike in a field.

    Attributes
    ----------
    is_shared : False where each may have its own value.
    get_aspect : what of a job must be equal; the field's value if None.
    """

    is_shared: bool
    get_aspect: Callable[[Any], Hashable] | None = None


OWN: Mapping[str, Mark] = MappingProxyType({COHORT: Mark(is_shared=False)})
"""Metadata of a field in which the jobs of a cohort may differ."""

SHARED: Mapping[str, Mark] = MappingProxyType({COHORT: Mark(is_shared=True)})
"""Metadata of a field whose value the jobs of a cohort have in common."""


def mark_shared(get_aspect: Callable[[Any], Hashable]) -> Mapping[str, Mark]:
    """Return metadata of a field of which the jobs of a cohort share an aspect."""
    return MappingProxyType({COHORT: Mark(is_shared=True, get_aspect=get_aspect)})


def make_cohort_key(job: Any) -> CohortKey:
    """Return all that a job must have in common with others to train with them."""
    marked = [(each.name, each.metadata[COHORT]) for each in fields(job)]
    return tuple(
        getattr(job, name) if mark.get_aspect is None else mark.get_aspect(job)
        for name, mark in marked
        if mark.is_shared
    )
