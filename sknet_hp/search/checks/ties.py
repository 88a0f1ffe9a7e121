"""Whether the winner is better than those behind it."""

from collections.abc import Iterator

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.search.checks.case import ONE_SPLIT, SearchCase


@check("near_ties", "the first few candidates are within one standard error of the best")
def find_near_ties(case: SearchCase) -> Iterator[Finding]:
    """Count the candidates behind the best that are within one standard error of it.

    Each is compared with it split by split, among those that reached the most
    resources. Copies of each other are equally good by birth, and are not looked at; an
    ensemble averages them, so it does not matter which of them won.
    """
    refit = getattr(case.search, "refit", True)
    finalists = case.finalists if case.ranked else []
    if refit == "ensemble" or case.has_copies or len(finalists) < 2 or case.scores.shape[1] < 2:
        return
    behind = [case.compare(finalists[0], row) for row in finalists[1:]]
    worse = (place for place, (difference, error) in enumerate(behind) if difference > ONE_SPLIT * error)
    k = 1 + next(worse, len(behind))
    if k == 1:
        return
    numbers = [int(case.candidate[row]) for row in finalists[:k]]
    knows_rule = case.resource is not None and refit is True
    yield Finding(
        code="near_ties",
        severity="info",
        message=f"The first {k} of {len(finalists)} candidates"
        f"{' that reached the most resources' if len(finalists) < len(case.latest) else ''} are within one standard "
        f"error of the best ({case.write_score(case.means[finalists[0]])} to "
        f"{case.write_score(case.means[finalists[k - 1]])}).",
        evidence={
            "candidates": numbers,
            "scores": [float(case.means[row]) for row in finalists[:k]],
            "largest_difference": float(case.means[finalists[0]] - case.means[finalists[k - 1]]),
            "standard_errors": [error for _, error in behind[: k - 1]],
        },
        advice='Which of them won is chance. Take the simplest (refit="one_standard_error"), average them, or use more '
        "splits."
        if case.resource is not None
        else "Which of them won is chance. Take the simplest, or use more splits.",
        remedy={"refit": "one_standard_error"} if knows_rule else {},
    )
