"""Pictures of fits, searches and evaluations, and the report that shows them together.

Displays follow scikit-learn's convention: `XDisplay.from_search(search)` plots, and
returns an object with `ax_`, `figure_` and `frame`, the data frame that was plotted.
They need matplotlib, `pip install 'sknet_hp[plot]'`. See docs/pictures.md.

`report` writes one self-contained HTML file. It needs
`pip install 'sknet_hp[report]'`. See docs/report.md.
"""

# Knows estimators, searches and evaluations by what they leave behind. Its rooms, of which each knows those before it:
# colours, searches (one way to read any search), labels (words of any length), frames (what is drawn), displays
# (matplotlib), charts (the same for the page, as Vega-Lite), page.
# A new picture: frames/<name>.py, displays/<name>.py, a line in each list below, a section in docs/pictures.md with its
# picture, which docs/make_pictures.py draws. tests/report/test_displays.py says what is missing.

from typing import TYPE_CHECKING

from sknet_hp.system.lazy_exports import export_lazily

if TYPE_CHECKING:
    from sknet_hp.report.displays.calibration import CalibrationDisplay
    from sknet_hp.report.displays.comparison import ComparisonDisplay
    from sknet_hp.report.displays.confusion import ConfusionMatrixDisplay
    from sknet_hp.report.displays.importances import ImportancesDisplay
    from sknet_hp.report.displays.landscape import LandscapeDisplay
    from sknet_hp.report.displays.learning_curves import LearningCurvesDisplay
    from sknet_hp.report.displays.lineage import LineageDisplay
    from sknet_hp.report.displays.nested_scores import NestedScoresDisplay
    from sknet_hp.report.displays.parallel_coordinates import ParallelCoordinatesDisplay
    from sknet_hp.report.displays.range_test import RangeTestDisplay
    from sknet_hp.report.displays.residuals import ResidualsDisplay
    from sknet_hp.report.displays.search_history import SearchHistoryDisplay
    from sknet_hp.report.displays.seeds import SeedsDisplay
    from sknet_hp.report.page.write import report

__all__ = [
    "CalibrationDisplay",
    "ComparisonDisplay",
    "ConfusionMatrixDisplay",
    "ImportancesDisplay",
    "LandscapeDisplay",
    "LearningCurvesDisplay",
    "LineageDisplay",
    "NestedScoresDisplay",
    "ParallelCoordinatesDisplay",
    "RangeTestDisplay",
    "ResidualsDisplay",
    "SearchHistoryDisplay",
    "SeedsDisplay",
    "report",
]

__getattr__, __dir__ = export_lazily(
    __name__,
    {
        "CalibrationDisplay": "sknet_hp.report.displays.calibration",
        "ComparisonDisplay": "sknet_hp.report.displays.comparison",
        "ConfusionMatrixDisplay": "sknet_hp.report.displays.confusion",
        "ImportancesDisplay": "sknet_hp.report.displays.importances",
        "LandscapeDisplay": "sknet_hp.report.displays.landscape",
        "LearningCurvesDisplay": "sknet_hp.report.displays.learning_curves",
        "LineageDisplay": "sknet_hp.report.displays.lineage",
        "NestedScoresDisplay": "sknet_hp.report.displays.nested_scores",
        "ParallelCoordinatesDisplay": "sknet_hp.report.displays.parallel_coordinates",
        "RangeTestDisplay": "sknet_hp.report.displays.range_test",
        "ResidualsDisplay": "sknet_hp.report.displays.residuals",
        "SearchHistoryDisplay": "sknet_hp.report.displays.search_history",
        "SeedsDisplay": "sknet_hp.report.displays.seeds",
        "report": "sknet_hp.report.page.write",
    },
)
