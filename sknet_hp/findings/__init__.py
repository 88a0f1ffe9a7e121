"""Problems that checks find in data, searches, evaluations and fitted networks.

A `Finding` says what was seen, how bad it is, which numbers show it, and what to do. If
parameters can help, `finding.apply(estimator)` returns an estimator with them.
"""

from sknet_hp.findings.finding import Finding, Findings

__all__ = ["Finding", "Findings"]
