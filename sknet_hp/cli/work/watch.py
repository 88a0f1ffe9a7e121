"""Watch runs: the work of the command `watch`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.options import WatchOptions
from sknet_hp.cli.output.files import SUMMARY
from sknet_hp.cli.output.json_text import print_json
from sknet_hp.cli.output.watched import describe_run, draw_run, write_line
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.slips import explain_no_run, suggest_run
from sknet_hp.evaluation.record import read_journal as read_evaluation
from sknet_hp.search.journal.lock import is_locked
from sknet_hp.search.journal.states import JournalError
from sknet_hp.search.record.reading import read_journal

if TYPE_CHECKING:
    from sknet_hp.search import SearchRecord

_HEADER, _LOCK = "search.json", "lock"


def watch_run(options: WatchOptions) -> None:
    """Show a run until it has ended, or once."""
    _require_run(options.run)
    if options.html is not None:
        _require_page_can_be_written(options.html)
    if options.as_json or options.once:
        records = _read(options.run)
        if options.as_json:
            print_json(describe_run(options.run, records, _read_folds(options.run)))
        else:
            Console(highlight=False, markup=False).print(draw_run(options.run, records, _read_folds(options.run)))
        _write_page(options.html, records)
        return
    _watch(options, Console(highlight=False, markup=False))


def _watch(options: WatchOptions, console: Console) -> None:
    """Show a run anew whenever something has changed, until it has ended."""
    if not console.is_terminal:
        for records in _look(options.run, options.every):
            console.print(write_line(options.run, records), soft_wrap=True)
            _write_page(options.html, records)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        try:
            for records in _look(options.run, options.every):
                live.update(draw_run(options.run, records, _read_folds(options.run)), refresh=True)
                _write_page(options.html, records)
        except KeyboardInterrupt:  # who has seen enough; the run goes on
            return


def _look(run: Path, every: float) -> "Iterator[list[SearchRecord]]":
    """Yield the searches of a run whenever something has changed, and at its end.

    Parameters
    ----------
    run : its directory.
    every : seconds between two looks.
    """
    seen: Any = None
    while True:
        is_running, now = _is_running(run), _take_stock(run)
        if now != seen or not is_running:
            yield _read(run)
            seen = now
        if not is_running:
            return
        time.sleep(every)


def _require_run(run: Path) -> None:
    if not run.is_dir():
        raise explain_no_run(run) or BadInput(
            f"there is no run {str(run)!r}{suggest_run(run)}: give the --out of tune or evaluate, or a search's journal"
        )
    if not _find_journals(run) and not _is_running(run):
        raise BadInput(f"{str(run)!r} holds no run: give the --out of tune or evaluate, or the journal of a search")


def _require_page_can_be_written(page: Path) -> None:
    if page.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"--html {str(page)!r} must end in .html")
    if page.is_dir() or (page.parent.exists() and not page.parent.is_dir()):
        raise BadInput(f"--html {str(page)!r} can't be written: give the name of a file")


def _find_journals(run: Path) -> list[Path]:
    """Return the journals of all searches of a run."""
    headers = [run / _HEADER] if (run / _HEADER).exists() else run.rglob(_HEADER)
    return sorted(header.parent for header in headers)


def _is_running(run: Path) -> bool:
    """Return whether some process is at work in a run."""
    return any(is_locked(lock) for lock in run.rglob(_LOCK))


def _take_stock(run: Path) -> list[tuple[str, int]]:
    """Return what says whether a run has changed."""
    return [(str(path), path.stat().st_size) for name in ("log", "records") for path in sorted(run.rglob(name))]


def _read(run: Path) -> "list[SearchRecord]":
    """Return the record of each search of a run that has begun.

    The last one is what is looked at first: the one that was begun last of those that
    run; where none does, the one that is not a part of others, as those of folds are.
    """
    records: list[SearchRecord] = []
    for path in _find_journals(run):
        try:
            records.append(read_journal(path))
        except JournalError as error:
            if path == run:
                raise BadInput(str(error)) from None
    return sorted(records, key=lambda each: (each.is_running, -len(each.path.parts), each.began_at))


def _read_folds(run: Path) -> list[str]:
    """Return of each evaluation of a run how far it is.

    A run that has written its results has ended. Folds that are missing in its journal
    ran out of time, and will not be made: nothing is said of them.
    """
    found = []
    has_ended = (run / SUMMARY).exists() and not _is_running(run)
    for header in sorted(run.rglob("evaluation.json")):
        try:
            record = read_evaluation(header.parent)
        except JournalError:  # it has not begun
            continue
        if record.state == "finished" or not has_ended:
            found.append(record.summary())
    return found


def _write_page(page: Path | None, records: "list[SearchRecord]") -> None:
    """Write the report of the search that is looked at first, if it has scores."""
    scored = [record for record in records if hasattr(record, "cv_results_")]
    if page is None or not scored:
        return
    from sknet_hp.report import report

    try:
        report(scored[-1], page, wording=name_options)
    except FileExistsError:
        raise BadInput(f"--html {str(page)!r} is a file, but not a report: give another name") from None
    except ImportError as error:
        raise BadInput(str(error)) from None
