"""Advice that is written for Python, in the words of the command line."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sknet_hp.findings import Finding

OPTIONS = {
    "time_budget": "--time-budget",
    "n_repeats": "--repeats",
    "n_seeds": "--seeds",
    "journal": "the journal",
    "groups": "--groups",
    "rope": "--rope",
}
"""What parameters of Python are called on the command line."""

PHRASES = {
    r"\bgroups=, with a splitter that keeps groups together": "--groups",
    r"\bsort by time and use TimeSeriesSplit\b": "name the column of the time with --time",
    r"\bTimeSeriesSplit\b": "--time",
    r"; with journal= the same call goes on where it stopped": "",
    r"\bscoring=sknet_hp\.evaluation\.suggest_scoring\(y\)": "--scoring",
    r' \(refit="one_standard_error"\)': "",
    r"Start higher, with min_resources=\d+\. There is then room for fewer candidates\.": (
        "Compare candidates only when they are trained: --search random does."
    ),
    r"Train longer: (\w+=\d+)\.": r"Train longer than this command does: in Python, with \1.",
    r"\bensemble_ lists them": "summary.json lists them",
    r"More repeats, such as `n_repeats=5`, give a narrower": (
        "More repeats (`--repeats 5` of the command evaluate) give a narrower"
    ),
    r"\bfind_lr\b": "sknet-hp lr",
    r", fewer rows \(max_rows\) or epochs \(n_epochs\)": "",
    r"\bdiagnose a fit\b": "run sknet-hp diagnose",
    r"\bsknet_hp\.evaluation\.nested_cross_validate\b": "sknet-hp evaluate",
    r"\bgive X, some rows like those of training\b": "give DATA, a table like that of training",
    r"\bCompare the prediction of sknet_hp\.sharing\.run_onnx for that row with predict, and raise tolerance only if "
    r"the difference does not matter\b": (
        "Predict with sknet-hp predict, or, if the difference does not matter, export in Python with a larger tolerance"
    ),
    r"\bgive other rows as X(, or tolerance=1e-3)?": "give other rows",
    r": give tolerance=1e-2": ", for which tolerance=1e-2 is enough",
    r"same call with the same journal\b": "same command with --resume",
    r"give X and y to `report` for its fingerprint": "its journal holds none of it",
}
"""Regular expressions of what else is said otherwise."""

_SPACE = re.compile(r"Search again with ((?:, )?\w+: (?:\(.*?\)|\[.*?\]))+\.")
_DIMENSION = re.compile(r"(\w+): (?:\(([^,]+), ([^,)]+)(, 'log-uniform')?\)|(\[.*?\]))")


def name_options(text: str) -> str:
    """Return a text with options and commands in place of parameters and functions."""
    text = _SPACE.sub(_write_space, text)
    for pattern, instead in PHRASES.items():
        text = re.sub(pattern, instead, text)
    for parameter, option in OPTIONS.items():
        text = re.sub(rf"\b{parameter}=(?=[\w'.])(?!\.(?:\s|$))", f"{option} ", text)
        text = re.sub(rf"\b{parameter}=(?=[\s.,;]|$)", option, text)
    return text


def _write_space(match: re.Match[str]) -> str:
    """Return a space in Python's notation as the lines of a file for --space."""
    lines = [
        f"{name} = {choices.replace('None', repr('none'))}"
        if choices
        else f"{name} = {{low = {low}, high = {high}{', log = true' if log else ''}}}"
        for name, low, high, log, choices in _DIMENSION.findall(match[0])
    ]
    return f"Search again with a file for --space that says {', and '.join(lines)}."


def reword_finding(finding: "Finding") -> "Finding":
    """Return a finding whose message and advice name options."""
    from dataclasses import replace

    return replace(finding, message=name_options(finding.message), advice=name_options(finding.advice))
