"""What `tune` prints at its end."""

import re
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from sknet_hp.cli.models.beside import Beside, print_beside
from sknet_hp.cli.options import write_command
from sknet_hp.cli.output.files import MODEL, REPORT, RESULTS, SUMMARY
from sknet_hp.cli.output.page import print_end
from sknet_hp.cli.output.text import print_findings, wrap
from sknet_hp.cli.output.training import print_warnings
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.tables.scoring import Scoring
from sknet_hp.formatting.numbers import format_amount, format_seconds
from sknet_hp.formatting.values import format_params
from sknet_hp.search.views.metric import Metric
from sknet_hp.search.views.summary import write_ensemble

if TYPE_CHECKING:
    from sknet_hp.cli.tuning.nested_search import TuningResult
    from sknet_hp.tuning.guided.reports import Stages


def print_tuned(
    console: Console,
    result: "TuningResult",
    beside: Beside,
    scoring: Scoring,
    seconds: float,
) -> None:
    """Print the answer, and what it rests on."""
    print_warnings(console, result.warnings)
    if hasattr(result.search, "stages_"):
        print_stages(console, result.search.stages_, scoring.name)
    console.print()
    print_score(console, result, scoring)
    if result.nested is not None:
        print_beside(console, beside)
    settings = format_params(result.search.best_params_) or "those of the model"
    ensemble = name_options(write_ensemble(result.search))
    console.print(f"\n{wrap(f'Best settings: {settings}. {ensemble}')}")
    searches = "" if result.nested is None else ", in the outer folds and on all rows"
    console.print(f"Trained: {result.networks:,} networks in {format_seconds(seconds)}{searches}.")
    print_findings(console, result.findings)


def print_tuned_end(console: Console, out: Path, missing: str | None) -> None:
    """Print where the files are, and what comes next.

    Parameters
    ----------
    out : the directory.
    missing : why there is no report, if there is none.
    """
    places = {
        "Model": str(out / MODEL),
        "Results": f"{out / RESULTS}, {out / SUMMARY}",
        "Report": missing or str(out / REPORT),
    }
    following = [
        write_command("predict", str(out), "NEW.csv"),
        write_command("importances", str(out), "HELD_OUT.csv"),
        "(HELD_OUT.csv: rows that are not in this table, with their target)",
    ]
    print_end(console, places, following)


def print_score(console: Console, result: "TuningResult", scoring: Scoring) -> None:
    """Print what the model may be expected to reach on new rows."""
    known = Metric(scoring.name)
    metric = known.label + ("" if scoring.positive is None else f" of {str(scoring.positive)!r}")
    best = known.write(float(result.search.best_score_))
    if result.nested is None:
        console.print(
            wrap(
                f"Score: none, because {result.no_score}. The search itself reports {metric} {best}, which is too "
                f"good: it is the best of many."
            )
        )
        return
    low, high = result.nested.interval()
    n_done, n_folds = result.nested.statuses.count("done"), len(result.nested.statuses)
    if n_done < n_folds:
        console.print(
            f"Warning: {n_folds - n_done} of {n_folds} outer folds failed or were not finished; the score is from the "
            f"others."
        )
    interval = f"95 % interval {known.write_interval(low, high)}"
    if isnan(low) or low == high:
        interval = "no interval" if isnan(low) else "the same in all folds"
    console.print(f"Score: {metric} {known.write(result.nested.mean)} ({interval})")
    console.print(
        wrap(
            f"This is what a network tuned in this way scores on rows that took no part in tuning: the mean of "
            f"{format_amount(n_done, 'outer folds')}. The final search, on all rows, reports {best} on its inner folds."
        )
    )
    if result.cautious:
        console.print(wrap(result.cautious))


def print_stages(console: Console, stages: "Stages", scoring: str) -> None:
    """Print the stages of a guided search, a line or two each.

    Those that time did not suffice for share a line at the end.
    """
    console.print("\nStages (with the score of the setting chosen):")
    shown = [report for report in stages if report.tried or report.decided]
    rest = [report for report in stages if report not in shown]
    late = [report.stage for report in rest if "nothing new to try" not in report.found]
    done = [report.stage for report in rest if report.stage not in late]
    width = max((len(report.stage) for report in shown), default=0)
    for report in shown:
        score = "" if report.score != report.score else Metric(scoring).write(report.score)
        indent = " " * (width + 12)
        sentences = re.split(r"(?<=\.)\s+(?=[A-Z])", (report.decided or report.found).strip())
        text = wrap(" ".join(dict.fromkeys(sentences)), indent=indent).removeprefix(indent)
        console.print(f"  {report.stage:<{width}}  {score:>7} {text}")
    if done:
        console.print(wrap(f"There was nothing new to try: {'; '.join(done)}.", indent="  "))
    if late:
        console.print(wrap(f"Nothing new was tried for lack of time: {'; '.join(late)}.", indent="  "))
