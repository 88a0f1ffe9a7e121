"""`sknet-hp report`: the page of a run, from its journal."""

from pathlib import Path
from typing import Any

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.files import JOURNAL, REPORT, SUMMARY
from sknet_hp.cli.output.run_folder import SCORE, SEARCH
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.slips import explain_no_run, suggest_run


def write_report(run: Path, out: Path | None, overwrite: bool) -> None:
    """Write the page of a run and print where it is.

    The one of a finished run stays as it is, unless `out` asks for another: it has
    more than the journal knows.

    Parameters
    ----------
    run : the directory of a run, or a journal.
    out : the file; None for report.html in the directory of the run, as `tune` does.
    overwrite : whether to replace a file that is no report.

    Raises
    ------
    BadInput
        If there is no journal, or the file can't be written.
    """
    from sknet_hp.evaluation.record import read_journal as read_evaluation
    from sknet_hp.report import report
    from sknet_hp.search import JournalError, read_journal

    journal = find_journal(run)
    try:
        is_evaluation = (journal / "evaluation.json").exists()
        record = read_evaluation(journal) if is_evaluation else read_journal(journal)
    except JournalError as error:
        raise BadInput(str(error)) from None
    place = run / REPORT if out is None else out
    if out is None and place.exists() and _has_results(run):
        print(f"The run has finished, and its report is there.\nReport:   {place}")
        return
    try:
        path = report(record, place, wording=name_options, overwrite=overwrite)
    except (FileExistsError, IsADirectoryError) as error:
        raise BadInput(str(error).replace("path=", "--out ").replace("overwrite=True", "--overwrite")) from None
    except ImportError as error:
        raise BadInput(str(error)) from None
    _print_state(record, run)
    print(f"Report:   {path}")


def find_journal(run: Path) -> Path:
    """Return the journal of a run: of its search, or else of its evaluation.

    Raises
    ------
    BadInput
        If there is none.
    """
    if not run.is_dir():
        raise explain_no_run(run) or BadInput(
            f"there is no run {str(run)!r}{suggest_run(run)}: give the directory of a run of tune or evaluate, or a "
            f"journal"
        )
    for name in (SEARCH, SCORE):
        if (run / JOURNAL / name).is_dir():
            return run / JOURNAL / name
    is_journal = any((run / name).exists() for name in ("search.json", "evaluation.json"))
    if (run / REPORT).exists() and not is_journal:
        raise BadInput(f"{str(run)!r} has no journal, but its report already exists: {str(run / REPORT)!r}")
    return run


def _has_results(run: Path) -> bool:
    """Return whether a run has finished, and its command has written the results."""
    return (run / SUMMARY).exists()


def _print_state(record: Any, run: Path) -> None:
    """Print how far the run has come, and where more is to be read."""
    if record.state != "finished":
        state = "is still running" if record.state == "running" else "was stopped before its end"
        print(f"The run {state}; the report shows its progress.")
    elif _has_results(run) and (run / REPORT).exists():
        print(f"The run has finished: {run / REPORT} also has the score on unseen rows.")
