"""Whether a search has found anything better than the estimator as it was."""

from collections.abc import Iterator

import numpy as np

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_amount
from sknet_hp.search.checks.case import ONE_SPLIT, SearchCase


@check("no_gain", "the untuned settings are as good as the best candidate, within one standard error")
def find_no_gain(case: SearchCase) -> Iterator[Finding]:
    """Compare the winner with the estimator's own settings, split by split.

    They are as good if the mean difference is at most its standard error.
    """
    current = case.current_candidate
    if current is None or len(case.ranked) < 2:
        return
    winner = case.ranked[0]
    own = case.latest[list(case.candidate[case.latest]).index(current)]
    if own == winner:
        yield Finding(
            code="no_gain",
            severity="info",
            message=f"The best of {len(case.latest)} candidates is the untuned estimator, with its own settings.",
            evidence={"own": float(case.means[own]), "best": float(case.means[own]), "difference": 0.0},
            advice="Tuning has gained nothing here. Other parameters, other features or more data are more "
            "likely to help.",
        )
        return
    rival = case.find_row(int(case.candidate[winner]), int(case.n_resources[own]))
    if rival is None or np.isnan(case.means[own]) or np.isnan(case.means[rival]):
        return
    difference, error = case.compare(rival, own)
    if not difference <= ONE_SPLIT * error:
        return
    dropped = case.resource is not None and case.n_resources[own] < case.n_resources[winner]
    evidence = {
        "own": float(case.means[own]),
        "best": float(case.means[rival]),
        "difference": difference,
        "standard_error": error,
    }
    scores = f"{case.write_score(evidence['best'])} against {case.write_score(evidence['own'])}"
    numbers = f"{scores}, difference {difference:.2g} ± {error:.2g}"
    if dropped and case.resource is not None:
        verdict = "was worse" if -difference > error else "was not better by more than one standard error"
        yield Finding(
            code="no_gain",
            severity="info",
            message=f"The untuned estimator was dropped after "
            f"{format_amount(case.n_resources[own], case.resource.unit)}, where the best candidate {verdict} "
            f"({numbers}).",
            evidence=evidence | {"n_resources": int(case.n_resources[own])},
            advice="So it is not known whether tuning has gained anything: compare both with all resources.",
        )
        return
    yield Finding(
        code="no_gain",
        severity="info",
        message=f"The untuned estimator is as good as the best candidate, within one standard error ({numbers}).",
        evidence=evidence,
        advice="Tuning has gained nothing that these splits can show. Keep your settings, or compare on more splits.",
    )
