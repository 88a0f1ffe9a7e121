"""How far a run is: for a terminal, in one line, and for JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sknet_hp.cli.output.text import describe_finding
from sknet_hp.formatting.numbers import format_count, format_score, format_seconds
from sknet_hp.formatting.values import format_params
from sknet_hp.search.spaces.values import Params, are_equal
from sknet_hp.search.views.facts import get_column, get_mean_scores, get_scores, list_candidates, list_rows_by_candidate
from sknet_hp.search.views.metric import find_metric
from sknet_hp.search.views.summary import count_states

if TYPE_CHECKING:
    from sknet_hp.search import SearchRecord

_SHOWN, _WIDTH = 8, 40
_BARS = "▁▂▃▄▅▆▇█"
_STATES = {
    "running": "running",
    "finished": "finished",
    "unfinished": "not finished. The same call, or --resume, continues it.",
}


def draw_run(run: Path, records: "Sequence[SearchRecord]", folds: Sequence[str] = ()) -> RenderableType:
    """Return what a terminal shows of a run, the last search in full.

    Parameters
    ----------
    run : its directory.
    records : of its searches.
    folds : of each of its evaluations how far it is, in sentences.
    """
    if not records:
        return Text("\n".join(folds) or f"{run}: no search has started yet.")
    parts: list[RenderableType] = [_draw_search(records[-1]), *(Text(f"\n{text}") for text in folds)]
    if len(records) > 1:
        parts.append(_draw_searches(run, records))
    return Group(*parts)


def write_line(run: Path, records: "Sequence[SearchRecord]") -> str:
    """Return in one line how far the last search of a run is."""
    if not records:
        return f"{run}: no search has started yet"
    record = records[-1]
    parts = [f"{record.searcher}: {record.state}", _write_advance(record)]
    if hasattr(record, "best_score_"):
        parts.append(f"best {find_metric(record).write(record.best_score_)}")
    return ", ".join(parts)


def describe_run(run: Path, records: "Sequence[SearchRecord]", folds: Sequence[str] = ()) -> dict[str, Any]:
    """Return a run for JSON: its searches, the last one being looked at first."""
    return {"run": str(run), "evaluations": list(folds), "searches": [_describe(record) for record in records]}


def _describe(record: "SearchRecord") -> dict[str, Any]:
    told: dict[str, Any] = {
        "path": str(record.path),
        "searcher": record.searcher,
        "state": record.state,
        "stopped": record.stopped_,
        "score": record.measure_,
        **record.advance._asdict(),
        "candidates": None,
        "best": None,
        "candidates_ranked": [],
        "findings": [describe_finding(finding) for finding in record.findings_],
    }
    if hasattr(record, "cv_results_"):
        told["candidates"] = count_states(record)
        told["candidates_ranked"] = _rank(record)
    if hasattr(record, "best_index_"):
        told["best"] = {
            "candidate": int(get_column(record, "candidate")[record.best_index_]),
            "mean_score": record.best_score_,
            "params": record.best_params_,
        }
    return told


def _rank(record: "SearchRecord") -> list[dict[str, Any]]:
    """Return the best candidates: who got further first, then by score."""
    means, scores, reached = get_mean_scores(record), get_scores(record), get_column(record, "n_resources")
    params, running = list_candidates(record), set(record.running_)
    last = {number: int(rows[-1]) for number, rows in list_rows_by_candidate(record).items()}
    scored = [number for number, row in last.items() if not np.isnan(means[row])]
    order = sorted(scored, key=lambda number: (-reached[last[number]], -means[last[number]], number))
    return [
        {
            "candidate": number,
            "mean_score": float(means[last[number]]),
            "std_score": float(scores[last[number]].std()),
            "n_resources": int(reached[last[number]]),
            "is_running": number in running,
            "params": params[number],
        }
        for number in order[:_SHOWN]
    ]


def _draw_search(record: "SearchRecord") -> RenderableType:
    parts: list[RenderableType] = [
        Text(f"{record.searcher}: {_STATES[record.state]}"),
        Text(_write_advance(record)),
    ]
    done, total = record.advance.done, record.advance.total
    if total and record.is_running:
        filled = round(_WIDTH * min(1.0, done / total))
        parts.append(Text("━" * filled + "╌" * (_WIDTH - filled)))
    if not hasattr(record, "cv_results_"):
        return Group(*parts, Text("No candidate has been scored in all splits yet."))
    counts = count_states(record)
    told = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    parts.append(Text(f"{format_count(sum(counts.values()), 'candidate')}: {told}"))
    metric = find_metric(record)
    if hasattr(record, "best_score_"):
        best = "Best" if record.state == "finished" else "Best so far"
        line = _draw_best(record.history_frame()["best_score"].to_numpy())
        number = get_column(record, "candidate")[record.best_index_]
        told = f"{metric.write(record.best_score_)} ({metric.label}, candidate {number})"
        parts.append(Text(f"{best}: {told}  {line}"))
    return Group(*parts, _draw_candidates(record))


def _write_advance(record: "SearchRecord") -> str:
    advance = record.advance
    of = f" of at most {advance.total:,}" if advance.total and advance.total != advance.done else ""
    text = f"{advance.done:,}{of} {advance.unit}, {format_seconds(advance.seconds)}"
    left = advance.seconds_left
    return text if left is None else f"{text}, about {format_seconds(left)} left"


def _draw_candidates(record: "SearchRecord") -> Table:
    metric, ranked = find_metric(record), _rank(record)
    unit = record.advance.unit
    heads = ("candidate", metric.label, "sd", unit, "changed parameters")
    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for column in table.columns[:4]:
        column.justify, column.no_wrap = "right", True
    for each in ranked:
        params = format_params(_find_changed(record, each["params"])) or "none"
        number = f"{each['candidate']}{' …' if each['is_running'] else ''}"
        score = metric.write(each["mean_score"])
        table.add_row(number, score, format_score(each["std_score"]), str(each["n_resources"]), Text(params))
    return table


def _find_changed(record: "SearchRecord", params: Params) -> Params:
    """Return the parameters that are not as the estimator has them.

    Candidates of guided tuning have many others, each its own choice of them.
    """
    own = record.own_params_
    return {name: value for name, value in params.items() if name not in own or not are_equal(own[name], value)}


def _draw_best(best: np.ndarray) -> str:
    """Return the best score over time as a line of bars."""
    known = best[np.isfinite(best)]
    if len(known) < 2:
        return ""
    chosen = known[np.linspace(0, len(known) - 1, min(_WIDTH, len(known))).astype(int)]
    low, high = chosen.min(), chosen.max()
    heights = np.zeros(len(chosen)) if low == high else (chosen - low) / (high - low)
    return "".join(_BARS[int(height * (len(_BARS) - 1))] for height in heights)


def _draw_searches(run: Path, records: "Sequence[SearchRecord]") -> Table:
    table = Table("search", "state", "candidates", "best", box=None, pad_edge=False, header_style="bold")
    for record in records:
        path = record.path.relative_to(run) if record.path.is_relative_to(run) else record.path
        best = find_metric(record).write(record.best_score_) if hasattr(record, "best_score_") else ""
        table.add_row(str(path), record.state, str(getattr(record, "n_candidates_", 0)), best)
    return table
