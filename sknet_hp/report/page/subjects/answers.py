"""Answers that pages of all kinds give in the same way."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sknet_hp.estimators.persistence.classes import is_savable
from sknet_hp.findings.finding import SEVERITIES, Finding
from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.words import capitalise, join_words
from sknet_hp.report.page.code import CodeWriter
from sknet_hp.report.page.content import Answer, Block, Code, FindingList, Heading, Pairs, Points, Section, Text
from sknet_hp.report.page.origin import describe_data, describe_machine, list_versions

_MEANINGS = {
    "error": "the results cannot be trusted",
    "warning": "something should change",
    "info": "good to know",
}
_MOST_POINTS = 4
"""So many findings are named in the answer; the section has all."""


def answer_trust(findings: Sequence[Finding], others: Sequence[str] = ()) -> Answer:
    """Return whether results can be trusted, by what was found.

    Parameters
    ----------
    findings : the worst first.
    others : what else speaks for or against it, in sentences.
    """
    blocks: list[Block] = [Text(text) for text in others]
    if not findings:
        blocks.append(Text("The checks of data, scores and learning curves found nothing."))
        return Answer("Can it be trusted?", blocks)
    counts = Counter(finding.severity for finding in findings)
    parts = [f"{format_count(counts[name], _NOUNS[name])} ({_MEANINGS[name]})" for name in SEVERITIES if counts[name]]
    blocks.insert(0, Text(f"{capitalise(_judge(counts))}: {join_words(parts)}."))
    serious = [finding for finding in findings if finding.severity != "info"] or list(findings)
    shown = [f"`{each.code}`{_write_place(each)}: {each.message}" for each in serious[:_MOST_POINTS]]
    more = len(findings) - len(shown)
    if more:
        shown.append(f"{more} more under Findings, below.")
    blocks.append(Points(shown))
    return Answer("Can it be trusted?", blocks)


_NOUNS = {"error": "error", "warning": "warning", "info": "remark"}


def _judge(counts: Counter[str]) -> str:
    if counts["error"]:
        return "no; the checks found"
    return "with care; the checks found" if counts["warning"] else "yes, as far as the checks can tell; they found"


def _write_place(finding: Finding) -> str:
    return f" in {finding.subject}" if finding.subject else ""


def list_advice(findings: Sequence[Finding]) -> list[str]:
    """Return the advice of the three most serious findings, each once."""
    texts = [f"{each.advice} (`{each.code}`)" for each in findings if each.advice and each.severity != "info"]
    return list(dict.fromkeys(texts))[:3]


def write_saving(model: Any, *, before: str = "", after: str = "") -> str:
    """Return code that saves the model of a search, between other lines."""
    module, call = ("sknet_hp", 'save(search.best_estimator_, "model.safetensors")')
    if not is_savable(model):
        module, call = ("joblib", 'dump(search.best_estimator_, "model.joblib")')
    return "\n".join([f"import {module}\n", *filter(None, [before, f"{module}.{call}", after])])


def make_findings_section(findings: Sequence[Finding]) -> list[Section]:
    """Return the section of findings, where there are any."""
    if not findings:
        return []
    return [Section("Findings", [FindingList(findings)], "findings")]


def make_origin_section(
    X: Any, y: Any, *, lead: str, code: str | None, unknown: Sequence[str], others: Sequence[tuple[str, str]]
) -> Section:
    """Return the section that says how to reproduce the result.

    Parameters
    ----------
    X, y : the data; None where it is not known.
    lead : a sentence before the code.
    code : that makes it again; None where it is not known.
    unknown : what the code leaves open.
    others : what else belongs to the origin, by name.
    """
    blocks: list[Block] = []
    if code is not None:
        blocks.append(Code(code, lead))
        if unknown:
            names = join_words([f"`{name}`" for name in dict.fromkeys(unknown)])
            blocks.append(Text(f"These come from your own code, so define them first: {names}."))
    data = (
        [Text("The data is unknown: give X and y to `report` for its fingerprint.")]
        if X is None
        else [Pairs(describe_data(X, y))]
    )
    blocks += [Heading("Data"), *data]
    if others:
        blocks += [Heading("Run"), Pairs(others)]
    blocks += [Heading("Versions"), Pairs(list_versions()), Heading("Machine that wrote this report")]
    blocks.append(Pairs(describe_machine()))
    return Section("How to reproduce it", blocks, "again")


def write_program(assignments: Sequence[tuple[str, Any]], calls: Sequence[str]) -> tuple[str, list[str]]:
    """Return a program that makes values and does something with them.

    Parameters
    ----------
    assignments : names with the values that they get.
    calls : lines that follow.

    Returns
    -------
    code : str
    unknown : list of str
        What the code leaves open.
    """
    writer = CodeWriter()
    lines = [f"{name} = {writer.write(value)}" for name, value in assignments]
    imports = sorted(writer.imports)
    return "\n".join([*imports, *([""] if imports else []), *lines, *calls]), writer.unknown
