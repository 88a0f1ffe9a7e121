"""How good a model is on new rows, and which of two models is better.

- `nested_cross_validate` scores a whole search on rows that it has not seen.
- `compare` says which of two or more models is better.
- `repeat_over_seeds` measures how much of a score depends on the seed.
- `corrected_interval` is a confidence interval for scores of cross-validation.
- `check_data` finds what would make scores misleading, before anything is trained.
- `suggest_scoring` names metrics that suit a target; `make_class_scorer` scores a given
  class.
- `make_baseline` returns simple models that a network should beat.
- `LastRows` and `GroupHoldOut` hold out the last rows, or whole groups.
- `read_journal` reads the results of an evaluation, even while it is running.
"""

# Knows estimators and searchers by their public interface alone. Statistics are pure functions.

from typing import TYPE_CHECKING

from sknet_hp.system.lazy_exports import export_lazily

if TYPE_CHECKING:
    from sknet_hp.estimators.targets.splitters import GroupHoldOut, LastRows
    from sknet_hp.evaluation.baselines import make_baseline
    from sknet_hp.evaluation.comparison.compare import compare
    from sknet_hp.evaluation.comparison.result import Comparison
    from sknet_hp.evaluation.data import check_data
    from sknet_hp.evaluation.nested.result import NestedResult
    from sknet_hp.evaluation.nested.validate import nested_cross_validate
    from sknet_hp.evaluation.record import EvaluationRecord, read_journal
    from sknet_hp.evaluation.seeds.repeat import repeat_over_seeds
    from sknet_hp.evaluation.seeds.result import SeedsResult
    from sknet_hp.evaluation.statistics import corrected_interval
    from sknet_hp.findings.metrics import suggest_scoring
    from sknet_hp.findings.positive import make_class_scorer

__all__ = [
    "Comparison",
    "EvaluationRecord",
    "GroupHoldOut",
    "LastRows",
    "NestedResult",
    "SeedsResult",
    "check_data",
    "compare",
    "corrected_interval",
    "make_baseline",
    "make_class_scorer",
    "nested_cross_validate",
    "read_journal",
    "repeat_over_seeds",
    "suggest_scoring",
]

__getattr__, __dir__ = export_lazily(
    __name__,
    {
        "Comparison": "sknet_hp.evaluation.comparison.result",
        "EvaluationRecord": "sknet_hp.evaluation.record",
        "SeedsResult": "sknet_hp.evaluation.seeds.result",
        "GroupHoldOut": "sknet_hp.estimators.targets.splitters",
        "LastRows": "sknet_hp.estimators.targets.splitters",
        "NestedResult": "sknet_hp.evaluation.nested.result",
        "nested_cross_validate": "sknet_hp.evaluation.nested.validate",
        "check_data": "sknet_hp.evaluation.data",
        "compare": "sknet_hp.evaluation.comparison.compare",
        "corrected_interval": "sknet_hp.evaluation.statistics",
        "make_baseline": "sknet_hp.evaluation.baselines",
        "read_journal": "sknet_hp.evaluation.record",
        "repeat_over_seeds": "sknet_hp.evaluation.seeds.repeat",
        "make_class_scorer": "sknet_hp.findings.positive",
        "suggest_scoring": "sknet_hp.findings.metrics",
    },
)
