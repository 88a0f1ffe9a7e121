"""What checks find: of data, searches, evaluations and fitted networks.

A `Finding` says what was seen, how bad it is, by which numbers, and what to do; where
parameters can mend it, `finding.apply(estimator)` changes them.
"""

from sknet_hp.findings.finding import Finding, Findings

__all__ = ["Finding", "Findings"]
