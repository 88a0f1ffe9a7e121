"""The charts of each kind of page, in the sections where they belong."""

from typing import Any

from sknet_hp.report.charts.comparison import draw_comparison as draw_pairs
from sknet_hp.report.charts.importances import draw_importances
from sknet_hp.report.charts.learning_curves import draw_evaluation_curves as draw_curves_of_models
from sknet_hp.report.charts.learning_curves import draw_search_curves
from sknet_hp.report.charts.lineage import draw_schedules
from sknet_hp.report.charts.nested_scores import draw_nested_scores
from sknet_hp.report.charts.parallel_coordinates import draw_parallel_coordinates
from sknet_hp.report.charts.predictions import draw_predictions
from sknet_hp.report.charts.search_history import draw_history
from sknet_hp.report.charts.seeds import draw_seeds as draw_scores_of_seeds
from sknet_hp.report.charts.seeds import draw_variance
from sknet_hp.report.charts.slices import draw_slices
from sknet_hp.report.page.content import Block, Section
from sknet_hp.search.views.metric import Metric


def draw_search(search: Any, metric: Metric) -> list[Section]:
    """Return the sections of charts of a search."""
    sections: dict[tuple[str, str], list[Block | None]] = {
        ("The search", "search"): [
            draw_history(search, metric),
            draw_schedules(search),
            draw_search_curves(search),
        ],
        ("The parameters", "parameters"): [
            draw_importances(search),
            draw_slices(search, metric),
            draw_parallel_coordinates(search, metric),
        ],
    }
    known = {name: [block for block in blocks if block is not None] for name, blocks in sections.items()}
    return [Section(title, blocks, anchor) for (title, anchor), blocks in known.items() if blocks]


def draw_evaluation(result: Any) -> list[Block]:
    """Return the charts of scores and predictions of an evaluation."""
    scores = draw_nested_scores(result)
    return [*([] if scores is None else [scores]), *draw_predictions(result)]


def draw_evaluation_curves(result: Any) -> list[Section]:
    """Return the section of learning curves of an evaluation."""
    curves = draw_curves_of_models(result)
    return [] if curves is None else [Section("Learning curves", [curves], "curves")]


def draw_comparison(result: Any) -> list[Block]:
    """Return the charts of a comparison, one for each metric."""
    return [draw_pairs(result, metric) for metric in result.metrics]


def draw_seeds(result: Any) -> list[Block]:
    """Return the charts of scores by seed and split, and of their variance's parts."""
    charts = [draw(result, metric) for metric in result.metrics for draw in (draw_scores_of_seeds, draw_variance)]
    return [chart for chart in charts if chart is not None]
