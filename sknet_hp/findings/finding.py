"""One finding, and the list of those that came together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from sklearn.base import clone

from sknet_hp.estimators.names import write_hint
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.formatting.words import wrap_line

SEVERITIES = ("error", "warning", "info")
"""From the worst: results cannot be trusted; something should change; good to know."""


@dataclass(frozen=True)
class Finding:
    """What a check has found.

    Parameters
    ----------
    code : str
        Its name, such as "overfitting"; the page `docs/findings.md` has a section of
        that name.
    severity : {"error", "warning", "info"}
        "error": results cannot be trusted; "warning": something should change;
        "info": good to know.
    message : str
        What was seen, in one sentence with its numbers.
    evidence : dict
        The numbers that the message stands on, by name.
    advice : str
        What to do.
    remedy : dict
        Parameters that follow the advice, by name; empty where none can.
    subject : str
        What it was found in, such as "outer fold 3"; empty for the whole.
    """

    code: str
    severity: str
    message: str
    evidence: Mapping[str, Any]
    advice: str
    remedy: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity must be one of {SEVERITIES}, got {self.severity!r}")

    def apply(self, estimator: Any) -> Any:
        """Return a copy of an estimator, not fitted, with the remedy's parameters.

        Parameters
        ----------
        estimator : estimator
            One that has the parameters: a network, a pipeline that ends with one, or,
            for what was found in a search, the search.

        Raises
        ------
        ValueError
            If there is no remedy, or the estimator has not the parameters.
        """
        if not self.remedy:
            raise ValueError(f"the finding {self.code!r} has no remedy that changes parameters; {self.advice}")
        copy = clone(estimator)
        known = copy.get_params(deep=True)
        settings = {_find_parameter(name, copy, known): value for name, value in self.remedy.items()}
        return copy.set_params(**clone(settings, safe=False))

    def __str__(self) -> str:
        where = f" ({self.subject})" if self.subject else ""
        return f"{self.severity}: {self.code}{where}: {self.message} {self.advice}".strip()


class Findings(list[Finding]):
    """Findings that came together, the worst first.

    Parameters
    ----------
    findings : iterable of Finding
    """

    def __init__(self, findings: Iterable[Finding] = ()):
        super().__init__(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))

    @property
    def codes(self) -> list[str]:
        """The codes that were found, each once, the worst first."""
        return list(dict.fromkeys(finding.code for finding in self))

    def of(self, code: str) -> "Findings":
        """Return the findings of one code."""
        return Findings(finding for finding in self if finding.code == code)

    def __str__(self) -> str:
        return "\n".join(wrap_line(str(finding)) for finding in self) if self else "Nothing was found."

    def _repr_html_(self) -> str:
        if not self:
            return "<p>Nothing was found.</p>"
        head = "".join(f"<th>{name}</th>" for name in ("severity", "code", "found in", "what was seen", "what to do"))
        rows = "".join(f"<tr>{_write_cells(finding)}</tr>" for finding in self)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _write_cells(finding: Finding) -> str:
    cells = (finding.severity, finding.code, finding.subject, finding.message, finding.advice)
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def _find_parameter(name: str, estimator: Any, known: Mapping[str, Any]) -> str:
    """Return what a parameter is called in an estimator.

    It may be that of a network which stands at the end of a pipeline here, or that of
    a pipeline's last step which is meant alone here.
    """
    prefix, _ = find_last_step(estimator)
    last = name.rsplit("__", 1)[-1]
    for own in (name, f"{prefix}{name}", f"{prefix}{last}"):
        if own in known:
            return own
    raise ValueError(f"{type(estimator).__name__} has no parameter {name!r}; {write_hint(name, known)}")
