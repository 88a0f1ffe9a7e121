"""The page of one estimator with several seeds."""

from typing import Any

import numpy as np

from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.page.content import Answer, Block, Heading, Page, Points, Score, Section, Text
from sknet_hp.report.page.subjects.answers import (
    answer_trust,
    list_advice,
    make_findings_section,
)
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.pictures import draw_seeds
from sknet_hp.report.page.subjects.program import make_origin_of_seeds
from sknet_hp.report.page.tables import make_table
from sknet_hp.search.views.metric import Metric


def describe_seeds(result: Any, extras: Extras) -> Page:
    """Return the page of what `repeat_over_seeds` came to."""
    metric = Metric(result.metrics[0])
    scores = result.get_scores()
    by_seed = scores.mean(axis=1)
    table = result.by_seed.copy()
    for each in map(Metric, result.metrics):
        table[each.name] = [each.turn(score) for score in table[each.name]]
    names = {each.name: capitalise(each.label) for each in map(Metric, result.metrics)} | {"seed": "Seed"}
    return Page(
        title=f"{result.name}: effect of the seed",
        subtitle=f"{format_count(len(result.seeds), 'seed')} in the same {format_count(len(result.splits), 'split')}.",
        score=Score(
            metric.write(float(scores.mean())),
            f"{capitalise(metric.label)} ({metric.hint})",
            f"Mean over seeds and splits, 95 % interval {metric.write_interval(*result.interval())}; seeds lie between "
            f"{metric.write_interval(float(np.min(by_seed)), float(np.max(by_seed))).replace(' to ', ' and ')}.",
        ),
        answers=[
            Answer("How much does the seed matter?", _describe_effect(result)),
            answer_trust(result.findings),
            Answer("What next?", [Points(list_advice(result.findings) or ["Compare models over several seeds each."])]),
        ],
        sections=[
            Section("Seeds", [*draw_seeds(result), make_table(table, "Mean score of each seed", names=names)], "seeds"),
            *make_findings_section(result.findings),
            make_origin_of_seeds(result, extras),
        ],
    )


def _describe_effect(result: Any) -> list[Block]:
    """Return what seeds do to the scores, by each metric."""
    blocks: list[Block] = []
    for metric in result.metrics:
        label, lines = capitalise(Metric(metric).label), result.describe(metric)
        if len(result.metrics) > 1:
            blocks.append(Heading(label))
            lines = [capitalise(line.removeprefix(f"{label}: ")) for line in lines]
        blocks += [Text(line) for line in lines]
    return blocks
