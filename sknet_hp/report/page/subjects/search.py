"""The page of a search."""

from itertools import takewhile
from typing import Any

import numpy as np

from sknet_hp.formatting.numbers import format_amount, format_count, format_score, format_seconds
from sknet_hp.formatting.values import format_params, format_value
from sknet_hp.formatting.words import capitalise, list_some
from sknet_hp.report.page.content import Answer, Block, Code, Page, Points, Score, Section, Steps, Table, Text
from sknet_hp.report.page.subjects.answers import answer_trust, list_advice, make_findings_section, write_saving
from sknet_hp.report.page.subjects.candidates import make_candidates
from sknet_hp.report.page.subjects.evaluation import (
    answer_beside,
    answer_how_sure,
    describe_optimism,
    make_evaluation_sections,
    make_score,
)
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.pictures import draw_search
from sknet_hp.report.page.subjects.program import make_origin
from sknet_hp.report.page.subjects.view import SearchView
from sknet_hp.report.page.tables import make_cell
from sknet_hp.search.checks.case import ONE_SPLIT
from sknet_hp.search.spaces.dimensions import Choice
from sknet_hp.search.views.facts import find_space, used_its_time
from sknet_hp.search.views.metric import MISSING
from sknet_hp.search.views.summary import has_best_in_ensemble

_ENDINGS = {
    "time_budget": "stopped early because its time was used up.",
    "interrupted": "was interrupted before its end.",
    "target_score": "stopped when the target score was reached.",
    "patience": "stopped when scores no longer improved.",
}


def describe_search(search: Any, extras: Extras) -> Page:
    """Return the page of a search.

    Parameters
    ----------
    search : fitted search, or the record of one.
    extras : what else belongs to it.
    """
    view = SearchView(search)
    evaluation = extras.evaluation
    sections = [] if evaluation is None else make_evaluation_sections(evaluation)
    findings = list(view.findings)
    if evaluation is not None:
        known = {(each.code, each.message) for each in findings}
        findings += [each for each in evaluation.findings if (each.code, each.message) not in known]
    return Page(
        title=view.searcher if view.model is None else f"{view.searcher} over {view.model}",
        subtitle=f"{'' if evaluation is None else 'The search on all rows: '}{_write_subtitle(view)}",
        notice=_write_notice(view, "This search" if evaluation is None else "The search on all rows"),
        score=_make_score(view) if evaluation is None else make_score(evaluation),
        answers=[
            *_answer_how_good(view, extras),
            _answer_how_sure(view) if evaluation is None else answer_how_sure(evaluation, search),
            _answer_chosen(view),
            answer_trust(findings, [] if evaluation is None else describe_optimism(evaluation)),
            _answer_next(view, extras),
        ],
        sections=[
            *sections,
            *_make_stages(view),
            *draw_search(search, view.metric),
            make_candidates(view),
            *make_findings_section(findings),
            make_origin(view.search, extras, view),
        ],
    )


def describe_beginning(record: Any) -> Page:
    """Return the page of a search of which nothing is known yet."""
    is_running = record.state == "running"
    notice = "This search has just started." if is_running else "This search stopped before its first score."
    return Page(
        title=record.searcher,
        subtitle=f"{format_count(record.n_splits_, 'split')}; journal in {record.path}.",
        notice=f"{notice} There are no scores yet; write the report again later.",
        score=None,
        answers=[],
        sections=[],
    )


def _write_subtitle(view: SearchView) -> str:
    n_fits = int(np.isfinite(view.scores).sum())
    candidates, splits = format_count(len(view.latest), "candidate"), format_count(view.n_splits, "split")
    seconds = getattr(view.search, "search_time_", None)
    time = f", in {format_seconds(seconds)}" if seconds else ""
    if time and used_its_time(view.search):
        time += ", all the time it was given"
    return f"{candidates} in {splits}, {format_count(n_fits, 'fit')}{time}."


def _write_notice(view: SearchView, subject: str) -> str:
    """Return what must be known first: that it still runs, or ended early."""
    if view.is_running:
        advance = _write_advance(view.search)
        return f"This search is still running{advance}. The numbers are preliminary."
    if view.is_unfinished:
        return "This search was stopped before its end. The numbers are preliminary."
    ending = _ENDINGS.get(str(getattr(view.search, "stopped_", None)))
    return f"{subject} {ending}" if ending and not used_its_time(view.search) else ""


def _write_advance(record: Any) -> str:
    """Return how far a search has come that still runs."""
    advance = record.advance
    text = f": {advance.done:,} {'' if advance.total is None else f'of {advance.total:,} '}{advance.unit} done"
    return text if advance.seconds_left is None else f"{text}, about {format_seconds(advance.seconds_left)} left"


def _make_score(view: SearchView) -> Score | None:
    best, metric = view.best, view.metric
    if best is None:
        return None
    detail = f"Mean of {format_count(view.n_splits, 'split')}"
    interval = view.compute_interval(best)
    if interval is not None:
        detail += f", 95 % interval {metric.write_interval(*interval)}"
    n = len(view.latest)
    picked = f" It was chosen from {n} candidates by these scores, so it is too good: expect worse on new rows."
    picked = picked if n > 1 else ""
    return Score(metric.write(view.means[best]), f"{capitalise(metric.label)} ({metric.hint})", f"{detail}.{picked}")


def _answer_how_good(view: SearchView, extras: Extras) -> list[Answer]:
    if extras.comparison is not None:
        return [answer_beside(extras.comparison)]
    best, own = view.best, view.untuned
    if best is None:
        return [Answer("How good is it?", [Text("No candidate has a score yet.")])]
    if own is None:
        text = "The untuned estimator was not tried, so it is unknown how much tuning gained."
        return [Answer("How good is it?", [Text(text)])]
    return [Answer("How good is it?", [Text(_compare_with_untuned(view, best, own))])]


def _compare_with_untuned(view: SearchView, best: int, own: int) -> str:
    """Return how much better the chosen candidate is than the untuned estimator.

    Where that was dropped, both are compared with what they had then.
    """
    metric, score = view.metric, view.metric.write(view.means[own])
    if view.candidate[own] == view.candidate[best]:
        if len(view.latest) == 1:
            return f"Only the untuned estimator was scored: {score}."
        so_far = " so far" if view.is_unfinished else "; tuning gained nothing"
        return f"The untuned estimator is the best of all, with {score}{so_far}."
    if view.n_resources[own] == view.n_resources[best]:
        gain = metric.write_gain(view.means[best] - view.means[own])
        return f"The untuned estimator scored {score}; the chosen candidate is {gain}{_weigh_gain(view, best, own)}."
    reached = format_amount(view.n_resources[own], view.unit or "")
    text = f"The untuned estimator scored {score} when it was dropped, after {reached}"
    rival = view.find_row(int(view.candidate[best]), int(view.n_resources[own]))
    if rival is None:
        return f"{text}; the chosen candidate was not scored at that point."
    gain = metric.write_gain(view.means[rival] - view.means[own])
    text = f"{text}; the chosen candidate was {gain} at that point, with {metric.write(view.means[rival])}"
    return f"{text}{_weigh_gain(view, rival, own)}."


def _weigh_gain(view: SearchView, rival: int, own: int) -> str:
    """Return whether a difference of two rows is more than noise, after a comma."""
    differences = view.scores[rival] - view.scores[own]
    if len(differences) < 2 or not np.isfinite(differences).all():
        return ""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    noise = "no more than" if abs(differences.mean()) <= ONE_SPLIT * error else "more than"
    return f", {noise} the noise of the splits (standard error {format_score(error)})"


def _answer_how_sure(view: SearchView) -> Answer:
    best, metric = view.best, view.metric
    if best is None:
        return Answer("How sure is that?", [Text("Not known yet.")])
    known = view.scores[best][np.isfinite(view.scores[best])]
    ends = metric.write_interval(known.min(), known.max()).replace(" to ", " and ")
    blocks: list[Block] = [Text(f"The scores of its {format_count(len(known), 'split')} lie between {ends}.")]
    near = _list_near(view, best)
    better = [row for row in near if view.means[row] > view.means[best]]
    near = near[len(better) :]
    if better:
        blocks.append(
            Text(
                f"{format_count(len(better), 'other candidate')} scored better in the same splits (up to "
                f"{metric.write(view.means[better[0]])}), but by too little for the rule of this search."
            )
        )
    if near:
        verb = "is" if len(near) == 1 else "are"
        blocks.append(
            Text(
                f"{format_count(len(near), 'other candidate')} {verb} within one standard error of it (paired over the "
                f"splits); which of them is best is not known."
            )
        )
    return Answer("How sure is that?", blocks)


def _list_near(view: SearchView, best: int) -> list[int]:
    """Return those next to the best that are as good, as the finding near_ties does."""
    rows = [row for row in view.latest if row != best and view.n_resources[row] == view.n_resources[best]]
    rows = sorted((row for row in rows if np.isfinite(view.means[row])), key=lambda row: -view.means[row])
    return list(takewhile(lambda row: _is_near(view, best, row), rows))


def _is_near(view: SearchView, best: int, row: int) -> bool:
    """Return whether a mean difference is no more than its standard error."""
    difference = view.scores[best] - view.scores[row]
    difference = difference[np.isfinite(difference)]
    if len(difference) < 2:
        return False
    return bool(difference.mean() <= ONE_SPLIT * difference.std(ddof=1) / np.sqrt(len(difference)))


def _answer_chosen(view: SearchView) -> Answer:
    best = view.best
    if best is None:
        return Answer("What was chosen?", [Text("Nothing yet.")])
    chosen, own = view.params[int(view.candidate[best])], view.own
    changed = [name for name, value in chosen.items() if not view.is_own(name, value)]
    # Guided tuning has a space, but no stage keeps to it.
    searched = {} if getattr(view.search, "stages_", None) else _write_space(view.search)
    space = {name: text for name, text in searched.items() if name in changed}
    kept = [name for name in chosen if name not in changed]
    rows = [
        [
            make_cell(name),
            make_cell(format_value(chosen[name])),
            *([make_cell(format_value(own[name]) if name in own else MISSING)] if own else []),
            *([make_cell(space.get(name, MISSING))] if space else []),
        ]
        for name in changed
    ]
    columns = ["Parameter", "Chosen", *(["Untuned"] if own else []), *(["Searched"] if space else [])]
    blocks: list[Block] = [Table("Parameters that were changed", columns, rows)] if rows else []
    if kept:
        blocks.append(Text(f"Unchanged: `{format_params({name: chosen[name] for name in kept})}`."))
    members = getattr(view.search, "ensemble_", None)
    n_networks = sum(int(each.get("seeds", 1)) for each in members or [])
    more = "; the table shows the best of them" if rows and len(members or []) > 1 else ""
    if not has_best_in_ensemble(view.search):
        more = ", whose average predicts better than that of the setting above"
    if members and n_networks > 1:
        blocks.append(
            Text(
                f"The final model averages {format_count(n_networks, 'network')} of "
                f"{format_count(len(members), 'setting')}{more}."
            )
        )
    return Answer("What was chosen?", blocks or [Text("Nothing was changed: the settings are those of the estimator.")])


def _write_space(search: Any) -> dict[str, str]:
    """Return what was searched, in words, by parameter; nothing where it is unknown."""
    space = find_space(search)
    branches = [] if space is None else space.branches
    return {name: _write_dimension(each) for branch in branches for name, each in branch.items()}


def _write_dimension(dimension: Any) -> str:
    if isinstance(dimension, Choice):
        values = [format_value(value) for value in dimension.values]
        return ", ".join(values) if len(values) <= 6 else f"{', '.join(values[:5])}, … ({len(values)} values)"
    if dimension.low is None:
        low, high = dimension.distribution.support()
        return f"{format_value(float(low))} to {format_value(float(high))}"
    scale = ", log scale" if dimension.log else ""
    return f"{format_value(dimension.low)} to {format_value(dimension.high)}{scale}"


def _answer_next(view: SearchView, extras: Extras) -> Answer:
    advice = list_advice([*view.findings, *(extras.evaluation.findings if extras.evaluation is not None else [])])
    blocks: list[Block] = [Points(advice)] if advice else []
    if view.is_running:
        return Answer("What next?", [Text("Wait until it has finished."), *blocks])
    if view.is_unfinished:
        return Answer("What next?", [Text("Let it finish: the same call with the same journal continues it."), *blocks])
    steps = _list_steps(view, extras) if extras.next_steps is None else extras.next_steps
    return Answer("What next?", [*blocks, *(Code(code, lead) for lead, code in steps.items())])


def _list_steps(view: SearchView, extras: Extras) -> dict[str, str]:
    """Return what to do with a search, with the code of each step."""
    steps = {}
    if extras.evaluation is None:
        steps["Score the search on rows that it has not seen:"] = (
            "from sknet_hp.evaluation import nested_cross_validate\n\n"
            "result = nested_cross_validate(search, X, y, random_state=0)\nprint(result.summary())"
        )
    model = getattr(view.search, "best_estimator_", None)
    if model is not None:
        steps["Use the model:"] = write_saving(model, after="search.predict(X_new)")
    return steps


def _make_stages(view: SearchView) -> list[Section]:
    """Return the story of a guided search."""
    stages = getattr(view.search, "stages_", None)
    if not stages:
        return []
    steps = []
    for report in stages:
        parts = [
            ("Tried", f"{list_some(report.tried, 8, separator='; ')}." if report.tried else ""),
            ("Found", report.found),
            ("Decided", report.decided),
        ]
        seen = ", ".join(f"`{code}`" for code in report.diagnosis)
        parts.append(("Curves show", seen))
        score = f"{view.metric.write(report.score)}, " if np.isfinite(report.score) else ""
        time = format_seconds(report.seconds) if np.isfinite(report.seconds) else ""
        steps.append(
            {
                "title": capitalise(report.stage),
                "score": f"{score}{time}".rstrip(", "),
                "parts": [(label, text.strip()) for label, text in parts if text.strip()],
            }
        )
    return [Section("Step by step", [Steps(steps)], "stages")]
