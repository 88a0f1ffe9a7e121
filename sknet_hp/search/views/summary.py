"""A search in sentences, for readers who are new to searches."""

from textwrap import fill
from typing import Any

import numpy as np

from sknet_hp.formatting.numbers import format_count, format_score, format_seconds
from sknet_hp.formatting.values import format_value
from sknet_hp.search.spaces.values import Params, have_same_values, to_plain
from sknet_hp.search.views.facts import (
    find_failed,
    get_column,
    get_mean_scores,
    get_own_values,
    get_scores,
    list_candidates,
    list_rows_by_candidate,
    used_its_time,
)
from sknet_hp.search.views.metric import Metric, find_metric

_WIDTH = 88

_STOPPED = {
    "target_score": "It stopped early because target_score was reached.",
    "patience": "It stopped early because scores no longer improved (patience).",
    "time_budget": "It stopped early because time_budget was used up.",
    "interrupted": "It was interrupted.",
}
_STATES = {
    "running": "It is still running; these are the results so far.",
    "unfinished": "It was stopped before its end; the same call with the same journal continues it.",
}

_RESOURCES = {"max_epochs": "epoch", "n_samples": "training row"}
"""What one unit of a resource is called."""


def write_summary(search: Any, stages: str = "") -> str:
    """Return in sentences what a search found, and what to do next.

    Parameters
    ----------
    search : fitted search, or the record of one.
    stages : text that is placed before the findings.
    """
    parts = [write_extent(search), write_score(search), write_choice(search), write_steps(search)]
    texts = ["\n".join(fill(line, _WIDTH, subsequent_indent="  ") for line in part) for part in parts if part]
    findings = list(getattr(search, "findings_", ()))
    texts += [stages] if stages else []
    if findings:
        lines = [fill(f"- {finding}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for finding in findings]
        texts.append("\n".join(["Findings:", *lines]))
    following = write_next(search)
    if following:
        lines = [fill(f"- {line}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for line in following]
        texts.append("\n".join(["What next:", *lines]))
    return "\n\n".join(texts)


def write_extent(search: Any) -> list[str]:
    """Return what was searched, and for how long."""
    name = getattr(search, "searcher", type(search).__name__)
    tried = (
        f"{format_count(len(list_rows_by_candidate(search)), 'candidate')} in {format_count(search.n_splits_, 'split')}"
    )
    seconds = getattr(search, "search_time_", None)
    text = f"{name}: {tried}" + (f", {format_seconds(seconds)}." if seconds is not None else ".")
    state = getattr(search, "state", "finished")
    if state != "finished":
        return [f"{text} {_STATES[state]}"]
    stopped = getattr(search, "stopped_", None)
    if used_its_time(search):
        return [f"{text} That was all of its time_budget."]
    return [f"{text} {_STOPPED[stopped]}" if stopped else text]


def write_score(search: Any) -> list[str]:
    """Return the best score, compared with that of the untuned estimator."""
    best = getattr(search, "best_index_", None)
    if best is None:
        return ["No best candidate, because refit names no score to choose it by."]
    scores, metric = get_scores(search), find_metric(search)
    kind = "error" if metric.is_error else "score"
    text = f"Best {kind}: {metric.write(scores[best].mean())} ({metric.label}, mean of {search.n_splits_} splits"
    if search.n_splits_ > 1:
        text += f" with a standard deviation of {format_score(scores[best].std(ddof=1))}"
    return [f"{text}).", _compare_with_untuned(search, int(best), scores, metric)]


def find_untuned(search: Any) -> int | None:
    """Return the number of the candidate that is the untuned estimator, or None."""
    own = get_own_values(search)
    for number, params in list_candidates(search).items():
        if have_same_values(params, {name: own[name] for name in params if name in own}):
            return number
    return None


def _compare_with_untuned(search: Any, best: int, scores: np.ndarray, metric: Metric) -> str:
    untuned = find_untuned(search)
    if untuned is None:
        return "The untuned estimator was not tried, so it is unknown how much tuning gained."
    candidate, reached = get_column(search, "candidate"), get_column(search, "n_resources")
    if candidate[best] == untuned:
        means = scores[reached == reached[best]].mean(axis=1)
        by = " by more than noise" if np.nanmax(means) > scores[best].mean() else ""
        return f"This is the untuned estimator: no other candidate was better{by}."
    own = list_rows_by_candidate(search)[untuned][-1]
    if np.isnan(scores[own]).any():
        return "The untuned estimator could not be fitted."
    [rival, *_] = [*np.flatnonzero((candidate == candidate[best]) & (reached == reached[own])), best]
    differences = scores[rival] - scores[own]
    text = f"{metric.write(scores[own].mean())}"
    if reached[own] < reached[best]:
        text = f"The untuned estimator had {text} after {_count_resources(search, reached[own])} and was dropped"
        text += f"; the best had {metric.write(scores[rival].mean())} by then." if rival != best else "."
        return text
    text = f"The untuned estimator has {text}; the best is {metric.write_gain(differences.mean())}"
    if len(differences) == 1:
        return f"{text}."
    error = differences.std(ddof=1) / len(differences) ** 0.5
    noise = "no more than" if abs(differences.mean()) <= error else "more than"
    return f"{text}, {noise} the noise of the splits (standard error {format_score(error)})."


def write_choice(search: Any) -> list[str]:
    """Return the parameters of the best, each beside the estimator's own value."""
    best = getattr(search, "best_index_", None)
    if best is None:
        return []
    number = int(get_column(search, "candidate")[best])
    params, own = list_candidates(search)[number], get_own_values(search)
    changed = {name: value for name, value in params.items() if not _is_same(name, value, own)}
    values = {name: format_value(to_plain(value)) for name, value in changed.items()}
    width, widest = (max(map(len, texts), default=0) for texts in (values.keys(), values.values()))
    lines = [f"What was chosen (candidate {number}):"]
    for name, text in values.items():
        was = f"(was {format_value(to_plain(own[name]))})" if name in own else ""
        lines.append(f"  {name:<{width}}  {text:<{widest}}  {was}".rstrip())
    same = [name for name in params if name not in changed]
    lines += [f"  unchanged: {', '.join(same)}"] if same else [] if values else ["  the estimator's own settings"]
    if getattr(search, "schedule_", None):
        lines.append("These are the last values of a schedule; schedule_ has all of it.")
    ensemble = write_ensemble(search)
    return [*lines, ensemble] if ensemble else lines


def write_ensemble(search: Any) -> str:
    """Return what the final model averages; nothing if that is the best setting."""
    members = getattr(search, "ensemble_", None) or []
    if len(members) <= 1 and has_best_in_ensemble(search):
        return ""
    n_networks = sum(int(each.get("seeds", 1)) for each in members)
    networks = f"{format_count(n_networks, 'network')} of " if n_networks > len(members) else ""
    if not has_best_in_ensemble(search):
        others = "another candidate" if len(members) == 1 else f"{len(members)} other candidates"
        return f"The final model averages {networks}{others}, whose average predicts better; ensemble_ lists them."
    return f"The final model averages {networks}{len(members)} candidates, including this one; ensemble_ lists them."


def has_best_in_ensemble(search: Any) -> bool:
    """Return whether the best setting is among those that the final model averages."""
    members, best = getattr(search, "ensemble_", None), getattr(search, "best_index_", None)
    if not members or best is None:
        return True
    return int(get_column(search, "candidate")[best]) in {each["candidate"] for each in members}


def _is_same(name: str, value: Any, own: Params) -> bool:
    return name in own and have_same_values({name: value}, {name: own[name]})


def write_steps(search: Any) -> list[str]:
    """Return how many candidates came how far."""
    counts = count_states(search)
    reached = get_column(search, "n_resources")
    if getattr(search, "max_resources_", None) is None:
        return (
            [f"{counts['failed']} of {format_count(sum(counts.values()), 'candidate')} failed."]
            if counts["failed"]
            else []
        )
    most = _count_resources(search, int(search.max_resources_))
    ends = [f"{counts['finished']} trained to the end ({most})"]
    ends += [f"{counts['dropped']} dropped on the way"] if counts["dropped"] else []
    ends += [f"{counts['running']} still running"] if counts["running"] else []
    ends += [f"{counts['failed']} failed"] if counts["failed"] else []
    n_fits = len(reached) * search.n_splits_
    candidates, fits = format_count(sum(counts.values()), "candidate"), format_count(n_fits, "fit")
    return [f"Of {candidates}: {', '.join(ends)}; {fits} in all."]


def count_states(search: Any) -> dict[str, int]:
    """Return how many candidates are finished, dropped, failed and running."""
    failed, reached = find_failed(search), get_column(search, "n_resources")
    most, running = getattr(search, "max_resources_", 0), set(getattr(search, "running_", ()))
    counts = dict.fromkeys(("finished", "dropped", "failed", "running"), 0)
    for number, rows in list_rows_by_candidate(search).items():
        is_done = reached[rows[-1]] >= most
        state = "failed" if failed[rows[-1]] else "finished" if is_done else "dropped"
        counts["running" if number in running and state != "failed" else state] += 1
    return counts


def _count_resources(search: Any, n: int) -> str:
    resource = str(getattr(search, "resource_", ""))
    name = next((unit for key, unit in _RESOURCES.items() if resource.endswith(key)), None)
    return f"{resource}={n}" if name is None else format_count(int(n), name)


def write_next(search: Any) -> list[str]:
    """Return what to do with a search that has ended."""
    if getattr(search, "state", "finished") != "finished" or not hasattr(search, "best_index_"):
        return []
    lines = []
    if any(finding.remedy for finding in getattr(search, "findings_", ())):
        lines.append(
            "Some findings in search.findings_ have a remedy: finding.apply(search) returns a search that applies it."
        )
    n_scored = int(np.sum(~np.isnan(get_mean_scores(search))))
    if n_scored > 1:
        lines.append(
            "The best of many candidates is also lucky, so expect a slightly worse score on new rows. "
            "sknet_hp.evaluation.nested_cross_validate(search, X, y) measures it."
        )
    lines.append("sknet_hp.report.report(search, 'report.html') writes a report with charts as one HTML file.")
    if hasattr(search, "best_estimator_"):
        lines.append("search.predict(X_new) predicts; sknet_hp.save(search.best_estimator_, path) saves the model.")
    return lines
