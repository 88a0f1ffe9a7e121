"""The page of a nested cross-validation."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.metrics import get_scorer_names

from sknet_hp.evaluation.levels.outer import lacks_repeats
from sknet_hp.formatting.numbers import format_count, format_seconds
from sknet_hp.formatting.values import format_value
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.page.content import Answer, Block, Code, Page, Points, Score, Section, Text
from sknet_hp.report.page.subjects.answers import (
    answer_trust,
    list_advice,
    make_findings_section,
    write_saving,
)
from sknet_hp.report.page.subjects.comparison import make_ranking, write_verdict
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.pictures import draw_evaluation, draw_evaluation_curves
from sknet_hp.report.page.subjects.program import make_origin_of_evaluation
from sknet_hp.report.page.tables import make_table, write_fit_time
from sknet_hp.search.views.facts import get_own_values
from sknet_hp.search.views.metric import MISSING, SAME, Metric

_STOPS = {"time_budget": "the time was used up", "interrupted": "it was interrupted"}
_CAUTION = 0.25
"""Optimism of more than this share of the interval's width is worth a word."""


def describe_evaluation(result: Any, extras: Extras) -> Page:
    """Return the page of a nested cross-validation, or of a plain one."""
    beside = _answer_how_good(result, extras)
    chosen = _answer_chosen(result)
    return Page(
        title=f"{result.description}, evaluated",
        subtitle=f"{_count_folds(result)}; {_describe_size(result)}.",
        notice=_write_notice(result),
        score=make_score(result),
        answers=[
            *beside,
            answer_how_sure(result),
            *chosen,
            answer_trust(result.findings, describe_optimism(result)),
            _answer_next(result, extras),
        ],
        sections=[
            *make_evaluation_sections(result),
            *draw_evaluation_curves(result),
            *make_findings_section(result.findings),
            make_origin_of_evaluation(result, extras),
        ],
    )


def make_score(result: Any) -> Score | None:
    """Return the score of an evaluation by its first metric, with its interval."""
    metric = Metric(result.metrics[0])
    scores = result.get_scores()
    if not np.isfinite(scores).any():
        return None
    known = int(np.isfinite(scores).sum())
    rows = "on rows that no search has seen" if result.inner_metric is not None else "on rows that it has not seen"
    detail = f"Mean of {format_count(known, 'outer fold')}, {rows}"
    if known > 1:
        detail += f"; 95 % interval {metric.write_interval(*result.interval(metric=metric.name))}"
    return Score(metric.write(np.nanmean(scores)), f"{capitalise(metric.label)} ({metric.hint})", f"{detail}.")


def _answer_how_good(result: Any, extras: Extras) -> list[Answer]:
    """Return how good it is beside others, or code that tells."""
    if extras.comparison is not None:
        return [answer_beside(extras.comparison)]
    if extras.next_steps is not None or result.search is None or not set(result.metrics) <= set(get_scorer_names()):
        return []
    kind = "classification" if is_classifier(result.search) else "regression"
    own = "" if result.inner_metric is None else ", search.estimator"
    scoring = result.metrics[0] if len(result.metrics) == 1 else result.metrics
    of_rows = [name for name in ("groups", "sample_weight") if getattr(result.data, name, None) is not None]
    given = ", ".join(f"{name}={name}" for name in ("X", "y", *of_rows))
    code = (
        "from sknet_hp.evaluation import compare, make_baseline\n\n"
        f'constant = make_baseline("constant", "{kind}")\n'
        f"comparison = compare(\n    result{own}, constant, {given}, scoring={scoring!r}\n)\n"
        "print(comparison.summary())"
    ).replace("'", '"')
    beside = "a constant prediction" if result.inner_metric is None else "the untuned model and a constant prediction"
    return [Answer("How good is it?", [Text(f"A score alone does not tell. Compare it with {beside}:"), Code(code)])]


def answer_beside(comparison: Any) -> Answer:
    """Return how good a model is beside others, in a table and in words."""
    first = comparison.contestants[0].name
    metric = comparison.metrics[0]
    verdicts = [
        write_verdict(pair) for pair in comparison.pairs if pair.metric == metric and first in (pair.first, pair.second)
    ]
    blocks: list[Block] = [Points(verdicts), make_ranking(comparison, metric)]
    return Answer("How good is it?", blocks)


def answer_how_sure(result: Any, search: Any = None) -> Answer:
    """Return how sure the scores of an evaluation are.

    Parameters
    ----------
    result : of `nested_cross_validate`.
    search : the same on all rows, if there is one.
    """
    texts = []
    for metric in map(Metric, result.metrics):
        scores = result.get_scores(metric.name)
        known = scores[np.isfinite(scores)]
        if len(known) < 2:
            texts.append(f"{capitalise(metric.label)}: {metric.write(np.nan if not len(known) else known[0])}.")
            continue
        texts.append(
            f"{capitalise(metric.label)} is {metric.write(known.mean())}. On new rows, models trained in this "
            f"way have a "
            f"mean of {metric.write_interval(*result.interval(metric=metric.name))}, with 95 % confidence. Single "
            f"folds lie between {metric.write_interval(known.min(), known.max()).replace(' to ', ' and ')}."
        )
    if len(result.splits) < 10 and lacks_repeats(result.splits, result.settings.get("cv")):
        texts.append("The folds were made only once. More repeats, such as `n_repeats=5`, give a narrower interval.")
    outer, final = _find_outer_time(result), getattr(search, "time_budget", None)
    if outer is not None and final is not None and outer < final:
        texts.append(
            f"The search in each outer fold had {format_seconds(outer)}, the one on all rows "
            f"{format_seconds(final)}, so the score is rather cautious."
        )
    blocks: list[Block] = [Text(text) for text in texts] if len(texts) < 3 else [Points(texts)]
    return Answer("How sure is that?", blocks)


def _find_outer_time(result: Any) -> float | None:
    """Return for how long each outer search could run; None where nothing ends it."""
    if not hasattr(result.search, "time_budget"):
        return None
    own, whole = result.search.time_budget, result.settings.get("time_budget")
    shares = [own, None if whole is None else whole / len(result.splits)]
    return min((share for share in shares if share is not None), default=None)


def describe_optimism(result: Any) -> list[str]:
    """Return in words how much better the searches' own scores are."""
    if np.isnan(result.inner_scores).all() or np.isnan(result.optimism):
        return []
    metric, optimism = Metric(result.inner_metric), result.optimism
    inner = metric.write(float(np.nanmean(result.inner_scores)))
    text = f"The searches themselves reported {inner}, on average, on the folds inside their training rows"
    size = metric.write_gain(optimism)
    if size == SAME:
        return [f"{text}, the same as on unseen rows."]
    if optimism < 0:
        return [f"{text}, which is worse than on unseen rows, so there is no sign of optimism."]
    low, high = result.interval(metric=metric.name)
    small = high > low and optimism < _CAUTION * (high - low)
    judgement = "small compared with the interval" if small else "this much came from choosing the luckiest"
    return [f"{text}, {size} than on unseen rows: {judgement}."]


def _answer_chosen(result: Any) -> list[Answer]:
    if not result.agreement:
        return []
    blocks: list[Block] = [Text("What the searches in the outer folds chose:")]
    blocks.append(Points([f"`{each.name}`: {str(each).split(': ', 1)[1]}" for each in result.agreement]))
    return [Answer("What was chosen?", blocks)]


def _answer_next(result: Any, extras: Extras) -> Answer:
    advice = list_advice(result.findings)
    blocks: list[Block] = [Points(advice)] if advice else []
    if extras.next_steps is not None:
        steps = dict(extras.next_steps)
    elif result.inner_metric is not None:
        model = next((each for each in result.estimators or [] if each is not None), None)
        code = write_saving(model, before="search.fit(X, y)")
        steps = {"Search once more, on all rows. The score above is the score of this procedure:": code}
    else:
        steps = {"Fit the model on all rows. The score above is the score of this procedure:": "estimator.fit(X, y)"}
    return Answer("What next?", [*blocks, *(Code(code, lead) for lead, code in steps.items())])


def make_evaluation_sections(result: Any) -> list[Section]:
    """Return what was seen on rows that no search has seen: charts, and the folds."""
    blocks: list[Block] = [*draw_evaluation(result), _make_folds(result), *_make_choices(result)]
    return [Section("On unseen rows", blocks, "unseen")]


def _make_folds(result: Any) -> Block:
    table = result.table.copy()
    names = {}
    for metric in map(Metric, result.metrics):
        table[metric.name] = [metric.turn(score) for score in table[metric.name]]
        names[metric.name] = capitalise(metric.label)
    if "inner_score" in table and result.inner_metric is not None:
        inner = Metric(result.inner_metric)
        table["inner_score"] = [inner.turn(score) for score in table["inner_score"]]
        names["inner_score"] = f"{capitalise(inner.label)} in the search"
    if not table["repeat"].any():
        table = table.drop(columns="repeat")
    if result.statuses.count("done") == len(result.splits):
        table = table.drop(columns="status")
    names |= {"n_train": "Training rows", "n_test": "Test rows", "fit_time": "Fit time (s)"}
    names |= {name: capitalise(name) for name in ("repeat", "fold", "status")}
    table = table.drop(columns=[name for name in ("score_time",) if name in table])
    if "inner_score" in table and table["inner_score"].isna().all():
        table = table.drop(columns="inner_score")
    table = table.drop(columns=[name for name in table if str(name).startswith("param_")])
    return make_table(table, "Outer folds", names=names, writers={"fit_time": write_fit_time})


def _make_choices(result: Any) -> list[Block]:
    """Return what the searches chose: a column for each fold, as parameters are many.

    What a search left as it was has the estimator's own value.
    """
    names = list(dict.fromkeys(name for params in result.params for name in params))
    if not names:
        return []
    own = {} if getattr(result.search, "estimator", None) is None else get_own_values(result.search)
    repeated = any(split.repeat for split in result.splits)
    columns = {
        f"{f'Repeat {split.repeat}, fold' if repeated else 'Fold'} {split.fold}": [
            format_value(params[name]) if name in params else format_value(own[name]) if name in own else MISSING
            for name in names
        ]
        for split, params, status in zip(result.splits, result.params, result.statuses, strict=True)
        if status == "done"
    }
    is_filled = any(set(params) != set(names) for params in result.params)
    note = "Where a search left a parameter as it was, the value is the untuned estimator's." if is_filled else ""
    frame = pd.DataFrame({"Parameter": names, **columns})
    writers = dict.fromkeys(frame.columns, str)
    return [make_table(frame, "What the search of each outer fold chose", writers=writers, note=note)]


def _count_folds(result: Any) -> str:
    n_repeats = 1 + max(split.repeat for split in result.splits)
    kind = "Cross-validation" if result.inner_metric is None else "Nested cross-validation"
    folds = format_count(len(result.splits) // n_repeats, "outer fold")
    return f"{kind} with {folds}{f', {n_repeats} times' if n_repeats > 1 else ''}"


def _describe_size(result: Any) -> str:
    seconds = sum(each.fit_time for each in result.outcomes if each is not None and np.isfinite(each.fit_time))
    return f"{format_count(result.data.n_rows, 'row')}, {format_seconds(seconds)} of training in all"


def _write_notice(result: Any) -> str:
    n_failed, n_missing = (result.statuses.count(status) for status in ("failed", "not finished"))
    parts = [f"{format_count(n_failed, 'outer fold')} failed"] if n_failed else []
    if n_missing:
        reason = _STOPS.get(str(result.stopped_))
        parts.append(f"{format_count(n_missing, 'outer fold')} not finished{f' ({reason})' if reason else ''}")
    return f"{capitalise(' and '.join(parts))}: the numbers are from the others." if parts else ""
