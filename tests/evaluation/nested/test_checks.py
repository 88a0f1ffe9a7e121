"""Checks of a nested cross-validation."""

import numpy as np
import pytest

from sknet_hp.evaluation.nested.checks import average_probabilities, merge_findings
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.running.data import Split, Task, read_data
from sknet_hp.evaluation.running.journal import Journal
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.findings import Finding
from sknet_hp.search.journal.identity import Identity
from tests.helpers.small_searches import NET

X, y = np.zeros((6, 1)), np.array([0, 1, 0, 1, 0, 1])
ROWS = np.arange(6)
SPLITS = [Split(0, fold, np.delete(ROWS, [2 * fold, 2 * fold + 1]), ROWS[2 * fold : 2 * fold + 2]) for fold in range(3)]


def make_result(codes=((), (), ()), classes=((0, 1), (0, 1), (1,))):
    outcomes = [
        Outcome(
            {"accuracy": 0.5},
            4,
            2,
            findings=[Finding(code, "info", f"{code} in {fold}.", {}, "Look.") for code in own],
            probabilities=np.full((2, len(labels)), 1 / len(labels)),
            classes=np.array(labels),
        )
        for fold, (own, labels) in enumerate(zip(codes, classes, strict=True))
    ]
    return NestedResult("a search", read_data(X, y), SPLITS, outcomes, ["accuracy"], None)


def test_what_most_searches_say_is_said_once():
    result = make_result([["no_gain"], ["no_gain", "near_ties"], []])
    [finding] = merge_findings(result, set())
    assert finding.message == (
        "The untuned settings are as good as the best candidate, within one standard error. In outer fold 0: "
        "no_gain in 0."
    )
    assert finding.subject == "2 of 3 outer searches"
    assert merge_findings(result, {"no_gain"}) == []


def test_probabilities_of_classes_that_are_not_everywhere():
    probabilities, classes = average_probabilities(make_result(), 6)
    assert classes.tolist() == [0, 1]
    assert probabilities[4].tolist() == [0, 1]


@pytest.mark.parametrize("remedy", [{"lr": 0.1}, {"param_distributions": object()}])
def test_findings_come_back_from_a_journal(remedy, tmp_path):
    finding = Finding("search_edge", "warning", "At an edge.", {"share": 0.5}, "Widen.", remedy, "lr")
    outcome = Outcome({"accuracy": 0.5}, 4, 2, model=NET, findings=[finding])
    journal = Journal(tmp_path / "j", Identity({"search": "one"}))
    journal.record(Task("search", NET, SPLITS[0]), outcome)
    [found] = journal.find(Task("search", NET, SPLITS[0])).findings
    journal.close()
    assert str(found) == str(finding)
    assert found.evidence == finding.evidence
    assert found.remedy == (remedy if "lr" in remedy else {})  # what can not be written is left out
