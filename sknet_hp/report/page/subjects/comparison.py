"""The page of a comparison."""

from typing import Any

from sknet_hp.formatting.numbers import format_count, format_percentage, format_score
from sknet_hp.formatting.words import capitalise, join_words
from sknet_hp.report.page.content import Answer, Block, Cell, Heading, Page, Points, Score, Section, Table, Text
from sknet_hp.report.page.subjects.answers import (
    answer_trust,
    list_advice,
    make_findings_section,
)
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.pictures import draw_comparison
from sknet_hp.report.page.subjects.program import make_origin_of_comparison
from sknet_hp.report.page.tables import make_cell
from sknet_hp.search.views.metric import Metric


def describe_comparison(result: Any, extras: Extras) -> Page:
    """Return the page of a comparison."""
    names = [each.name for each in result.contestants]
    metric = Metric(result.metrics[0])
    best = result.ranking.iloc[0]
    compared = f"{format_count(len(names), 'contestant')} on the same {format_count(int(best['n_splits']), 'split')}"
    score = Score(
        metric.write(best["mean"]),
        f"{capitalise(metric.label)} of {best['name']} ({metric.hint})",
        f"The best mean of {compared}; {format_percentage(result.confidence, None)} interval "
        f"{metric.write_interval(best['low'], best['high'])}.",
    )
    sure = [block for name in result.metrics for block in _describe_pairs(result, name)]
    sure.append(Text("The probabilities are those of the Bayesian correlated t-test."))
    return Page(
        title=f"{join_words(names)}, compared",
        subtitle=f"{compared}.",
        score=score,
        answers=[
            Answer("Which is better?", _list_verdicts(result)),
            Answer("How good is each?", [make_ranking(result, each) for each in result.metrics]),
            Answer("By how much, and how sure is that?", sure),
            answer_trust(result.findings),
            _answer_next(result),
        ],
        sections=[
            Section("The differences", draw_comparison(result), "differences"),
            Section("For a paper", [Points(result.sentences)], "paper"),
            *make_findings_section(result.findings),
            make_origin_of_comparison(result, extras),
        ],
    )


def _list_verdicts(comparison: Any) -> list[Block]:
    """Return what can be said of each pair, by each metric."""
    blocks: list[Block] = []
    for name in comparison.metrics:
        if len(comparison.metrics) > 1:
            blocks.append(Heading(capitalise(Metric(name).label)))
        blocks.append(Points([write_verdict(pair) for pair in comparison.pairs if pair.metric == name]))
    return blocks


def write_verdict(pair: Any) -> str:
    """Return what can be said of a pair as a sentence; names of users stay as is."""
    begins_with_words = pair.verdict.startswith(("the ", "tuned network ", "untuned network "))
    return f"{capitalise(pair.verdict) if begins_with_words else pair.verdict}."


def make_ranking(comparison: Any, metric: str) -> Table:
    """Return a table of the contestants' mean scores by one metric, the best first."""
    known = Metric(metric)
    of_metric = comparison.ranking[comparison.ranking["metric"] == metric]
    rows = [
        [
            make_cell(row["name"]),
            make_cell(known.turn(row["mean"]), format_score),
            Cell(known.write_interval(row["low"], row["high"]), known.turn(row["low"]), number=True),
        ]
        for _, row in of_metric.iterrows()
    ]
    level = f"{format_percentage(comparison.confidence, None)} interval"
    return Table(f"{capitalise(known.label)} ({known.hint})", ["Model", "Mean", level], rows)


def _describe_pairs(comparison: Any, name: str) -> list[Block]:
    """Return what counts as equivalent by one metric, and a table of all pairs."""
    pairs = [pair for pair in comparison.pairs if pair.metric == name]
    metric, rope = Metric(name), pairs[0].rope
    lead = (
        f"Differences in {metric.label} of up to {format_score(rope.half)} count as equivalent in practice "
        f"({rope.reason})."
    )
    rows = []
    for pair in pairs:
        low, high = pair.test.compute_interval(comparison.confidence)
        below, inside, above = pair.probabilities
        rows.append(
            [
                make_cell(pair.first),
                make_cell(pair.second),
                make_cell(pair.test.mean, format_score),
                Cell(f"{format_score(low)} to {format_score(high)}", low, number=True),
                *(make_cell(p, write_probability) for p in (above, inside, below)),
            ]
        )
    columns = ["First", "Second", "First better by", f"{format_percentage(comparison.confidence, None)} interval"]
    columns += ["P(first better)", "P(equivalent)", "P(second better)"]
    return [Text(lead), Table(f"{capitalise(metric.label)}: by how much the first is better", columns, rows)]


def write_probability(p: float) -> str:
    """Return a probability in three digits, never as quite certain."""
    return "< 0.001" if p < 0.0005 else "> 0.999" if p > 0.9995 else f"{p:.3f}"


def _answer_next(comparison: Any) -> Answer:
    steps = list_advice(comparison.findings)
    n = comparison.contestants[0].n_splits
    if n < 10:
        steps.append(f"{n} splits can show only large differences; `n_repeats=5` shows smaller ones.")
    ends = [pair for pair in comparison.pairs if "noise" in pair.verdict]
    if ends:
        steps.append("If a difference is within noise, take the model that is cheaper or easier to explain.")
    return Answer("What next?", [Points(steps or ["Fit the better one on all rows, and use it."])])
