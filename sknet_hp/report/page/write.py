"""Write the results of a search or an evaluation as one HTML file."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.report.page.render import GENERATOR, render_page
from sknet_hp.report.page.subjects.choose import describe
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.wording import reword

_HEAD = 2_000
"""So many bytes of a file show whether it is a page of ours."""


def report(
    subject: Any,
    path: str | os.PathLike[str],
    *,
    evaluation: Any = None,
    comparison: Any = None,
    X: TableLike = None,
    y: ArrayLike = None,
    notes: Mapping[str, str] | None = None,
    next_steps: Mapping[str, str] | None = None,
    title: str | None = None,
    wording: Callable[[str], str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the results of a search or an evaluation as one HTML file.

    The report begins with the answers: how good the result is, how sure that is, what
    was chosen, whether it can be trusted and what to do next. Charts, tables and
    findings follow, and then what is needed to reproduce the numbers. The file needs no
    other file and no network. It reads well on a phone, in print, and in light or dark
    mode.

    Parameters
    ----------
    subject : fitted search, record of a journal, NestedResult, Comparison, SeedsResult
        What to report on. A search may be one of `sknet_hp.search` or scikit-learn, or
        a `GuidedSearchCV`. A record is what `read_journal` returns, even for a search
        that is still running.
    path : path
        The file to write; missing folders are made.
    evaluation : NestedResult, default=None
        An evaluation of the same search. Its score, from rows that no search has seen,
        then comes first.
    comparison : Comparison, default=None
        A comparison of the same model with others, such as the untuned network and a
        constant prediction.
    X, y : array-like or dataframe, default=None
        The data that the search was fitted on, for its size and fingerprint. An
        evaluation knows its own data.
    notes : dict, default=None
        More about the origin of the result, by name, such as the command that was run.
    next_steps : dict, default=None
        What to do with the result: sentences, each with its command or code. They
        replace the Python code that the report would show.
    title : str, default=None
        The heading; None makes one.
    wording : callable, default=None
        Is given each sentence and returns the one in its place. The command line names
        its options in this way. Code and tables stay as they are.
    overwrite : bool, default=False
        Whether to replace a file that is not a report. Reports are always replaced.

    Returns
    -------
    path : Path
        The path of the file.

    Raises
    ------
    TypeError
        If the subject is none of these.
    sklearn.exceptions.NotFittedError
        If the search is not fitted.
    FileExistsError
        If the file exists and is not a report.
    ImportError
        If the packages of the extra `report` are missing.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import report
    >>> from sknet_hp.search import HalvingSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = HalvingSearchCV(net, space, random_state=0).fit(X, y)
    >>> path = report(search, f"{mkdtemp()}/iris.html", X=X, y=y)
    >>> path.stat().st_size < 3_000_000
    True
    """
    path = Path(path)
    _check_path(path, overwrite)
    extras = Extras(evaluation, comparison, X, y, notes or {}, next_steps)
    page = describe(subject, extras)
    if title is not None:
        page = replace(page, title=title)
    if wording is not None:
        page = reword(page, wording)
    html = render_page(page, version("sknet_hp"))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(html, encoding="utf-8")
        partial.replace(path)  # whoever looks at the page meanwhile sees a whole one
    finally:
        partial.unlink(missing_ok=True)
    return path


def _check_path(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise IsADirectoryError(
            f"path={str(path)!r} is a folder: name a file in it, such as {str(path / 'report.html')!r}"
        )
    if overwrite or not path.exists():
        return
    with open(path, "rb") as file:
        is_ours = GENERATOR.encode() in file.read(_HEAD)
    if not is_ours:
        raise FileExistsError(
            f"path={str(path)!r} is a file but not a report: give another path, or overwrite=True to replace it"
        )
