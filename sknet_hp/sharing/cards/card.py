"""`card`: a page about a model, for people who did not train it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection._search import BaseSearchCV

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.formatting.numbers import format_count
from sknet_hp.report.page.origin import list_versions
from sknet_hp.sharing.best import take_best
from sknet_hp.sharing.cards.columns import describe_columns
from sknet_hp.sharing.cards.markdown import escape_text, write_front_matter
from sknet_hp.sharing.cards.parts import describe_limits, describe_parameters
from sknet_hp.sharing.cards.scores import (
    Measured,
    collect_findings,
    describe_findings,
    describe_scores,
    read_evaluation,
)
from sknet_hp.sharing.cards.task import describe_task


@dataclass(frozen=True)
class Card:
    """A model card in Markdown.

    Notebooks show it as a page; ``str(card)`` and `save` give its text.

    Parameters
    ----------
    text : str
    """

    text: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the card into a file, which is replaced, and return its path."""
        target = Path(path)
        target.write_text(self.text, encoding="utf-8")
        return target

    def __str__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text.split("\n---\n", 1)[1] if self.text.startswith("---\n") else self.text


def card(
    model: Any,
    *,
    evaluation: NestedResult | Measured | None = None,
    X: TableLike | None = None,
    y: ArrayLike = None,
    target: str | None = None,
    name: str | None = None,
    description: str | None = None,
    limits: str | None = None,
    license: str | None = None,
    file: str = "model.safetensors",
) -> Card:
    """Describe a fitted model on one page: a model card (Mitchell et al. 2019).

    The card says what the model predicts, how good it is, on which data it was trained,
    with which parameters, what the checks found, what its limits are, and how to load
    it. Whatever is unknown is marked as unknown.

    Parameters
    ----------
    model : estimator
        A fitted network, search or pipeline.
    evaluation : NestedResult, default=None
        The result of `nested_cross_validate` for this model, for the scores and their
        intervals.
    X, y : array-like or dataframe (n_rows, n_columns), array-like, default=None
        The training rows: the card shows their number, the types and ranges of the
        columns, and a fingerprint. Values of text columns are listed only where there
        are at most four.
    target : str, default=None
        The name of the target; None takes the name of y, if it has one.
    name : str, default=None
        The title.
    description, limits : str, default=None
        The purpose of the model; where it must not be used, and which problems are
        known. Both may be Markdown.
    license : str, default=None
        An identifier such as "bsd-3-clause".
    file : str, default="model.safetensors"
        The name of the saved model, for the code that loads it. A name that ends with
        ".onnx" gives code for onnxruntime.

    Returns
    -------
    card : Card

    References
    ----------
    Mitchell et al. (2019), Model Cards for Model Reporting, FAT*.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier, card
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> net = NetClassifier(max_epochs=3, random_state=0).fit(X, y)
    >>> print(card(net, X=X, y=y).text.splitlines()[9])
    # Predicting target
    """
    measured = evaluation if evaluation is None or isinstance(evaluation, Measured) else read_evaluation(evaluation)
    best = take_best(model)
    prefix, last = find_last_step(model)
    search = last if isinstance(last, BaseSearchCV) else None
    target = getattr(y, "name", None) if target is None else target
    target = None if target is None else str(target)
    findings = collect_findings(measured, search)
    chosen = [] if measured is None else list(measured.chosen)
    if hasattr(last, "best_params_"):
        chosen = [f"{prefix}{name}" for name in last.best_params_]
    n_rows = _count_rows(best, X, y)
    sections = {
        "How good it is": describe_scores(search, measured),
        "The data": describe_columns(best, X, y),
        "Parameters": describe_parameters(best, chosen),
        "Findings": describe_findings(findings, measured, search),
        "Limits": describe_limits(best, n_rows, limits, None if measured is None else measured.gap),
        "How to use it": _describe_use(best, file),
        "Versions": ", ".join(f"{package} {version}" for package, version in list_versions()),
    }
    title = " ".join((name or "").split()) or (type(best).__name__ if target is None else f"Predicting {target}")
    head = [_write_head(best, license), f"# {escape_text(title)}", describe_task(best, target)]
    body = [f"## {heading}\n\n{text}" for heading, text in sections.items()]
    return Card("\n\n".join([*head, *([description] if description else []), *body]) + "\n")


def _count_rows(model: Any, X: Any, y: Any) -> int | None:
    """Return how many training rows there are; None if that is unknown.

    Raises
    ------
    ValueError
        If they can not be those of the model.
    """
    if X is None:
        return None
    n_rows, n_columns = X.shape if hasattr(X, "shape") else np.shape(X)
    expected = getattr(model, "n_features_in_", n_columns)
    if n_rows == 0 or n_columns != expected:
        raise ValueError(
            f"X has {format_count(n_rows, 'row')} and {format_count(n_columns, 'column')}, but the model takes "
            f"{format_count(expected, 'column')}; give the rows that it was trained on, without the target"
        )
    if y is not None and len(y) != n_rows:
        raise ValueError(f"y has {len(y):,} values and X has {format_count(n_rows, 'row')}; give y of the same rows")
    return n_rows


def _write_head(model: Any, license: str | None) -> str:
    task = f"tabular-{'classification' if is_classifier(model) else 'regression'}"
    head: dict[str, str | list[str]] = {"library_name": "sknet_hp", "pipeline_tag": task}
    if license is not None:
        head["license"] = license
    return write_front_matter({**head, "tags": ["sklearn", "tabular", task]})


def _describe_use(model: Any, file: str) -> str:
    """Return code that loads the model and predicts."""
    if file.endswith(".onnx"):
        lines = ["from sknet_hp.sharing import run_onnx", "", f'predicted = run_onnx("{file}", X)']
        more = "Inputs are the columns, by name. The file also runs without this library."
    elif file.endswith(".skops"):
        lines = ["import skops.io", "from sknet_hp.sharing import list_trusted_types", ""]
        lines += [f'model = skops.io.load("{file}", trusted=list_trusted_types())', "model.predict(X)"]
        more = "Loading the file runs no code from it."
    else:
        proba = ["model.predict_proba(X)"] if hasattr(model, "predict_proba") else []
        lines = ["import sknet_hp", "", f'model = sknet_hp.load("{file}")', "model.predict(X)", *proba]
        more = "X is a table with the columns above. Loading the file runs no code from it."
    code = "\n".join(lines)
    return f"```python\n{code}\n```\n\n{more}"
