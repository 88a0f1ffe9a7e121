"""The stages of guided tuning, in the order in which they are carried out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from sknet_hp.estimators.building.update import count_batch_rows
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.formatting.numbers import format_amount
from sknet_hp.formatting.values import format_params
from sknet_hp.search.spaces.around import search_space
from sknet_hp.search.spaces.dimensions import Range
from sknet_hp.search.spaces.space import Space
from sknet_hp.tuning.guided.changes import (
    Change,
    list_architectures,
    list_batch_sizes,
    list_rates,
    list_recipes,
    list_schedules,
)
from sknet_hp.tuning.guided.guide import Guide

N_DRAWN, N_CLOSE = 27, 9
"""Most candidates of a race that are drawn from the space; of one close to the best."""

LEAST_FOR_TEST = 12
"""There is a range test where so many candidates could be trained in the time left."""

MOST_ROUNDS, MOST_IDLE_ROUNDS = 100, 10
"""Races close to the best, however much time is left, and those without a gain.

After these, time is worth more in more networks of the ensemble.
"""


@dataclass(frozen=True)
class Stage:
    """One stage of guided tuning.

    Attributes
    ----------
    name : in `cv_results_` and reports.
    carry_out : does it, and tells the guide's report.
    """

    name: str
    carry_out: Callable[[Guide], None]


def _compare_untuned(guide: Guide) -> None:
    guide.try_first()
    assert guide.incumbent is not None
    score = guide.metric.write(guide.incumbent.score)
    guide.report.found = (
        f"Its {guide.metric.label} is {score} after {format_amount(round(guide.typical_epochs), 'epochs')}. "
    )
    guide.report.decided = "Everything else must beat this."


def _try_architectures(guide: Guide) -> None:
    """Try other kinds of networks; on top of a better one, what is left of them."""
    for share in (0.4, 0.25):
        before = guide.incumbent
        changes = list_architectures(guide.settings)
        if before is not None and before.params:  # a change of the same name was tried without these
            kept = format_params({name.removeprefix(guide.prefix): value for name, value in before.params.items()})
            changes = [change._replace(text=f"{change.text} on top of {kept}") for change in changes]
        guide.race(changes, share=share, keep=3)
        if guide.incumbent is before:
            return


def _find_rate(guide: Guide) -> None:
    """Ask a range test for the learning rate, then try rates around what it names."""
    in_time = guide.notebook.recall("range test", lambda: _has_time(guide))
    suggestion = guide.notebook.recall("learning rate", lambda: _test_range(guide) if in_time else None)
    current = guide.settings["lr"]
    if suggestion is None:
        guide.report.found = (
            "The range test found no rate at which the network learns. "
            if in_time
            else "There was no time for a range test. "
        )
        suggestion = current
    else:
        guide.report.found = f"The range test suggested {suggestion:.2g}; the rate so far was {current:.2g}. "
    guide.race(list_rates(suggestion, current), share=0.25)


def _has_time(guide: Guide) -> bool:
    """Return whether a range test leaves time for several candidates."""
    return not guide.budget.is_limited or guide.budget.left_to_search > LEAST_FOR_TEST * guide.seconds_per_candidate


def _test_range(guide: Guide) -> float | None:
    """Return the rate that a range test suggests, None if it names none."""
    from sknet_hp.tuning.learning_rate.range_test import find_lr

    table = guide.run.tables[0]
    X, y = (_safe_indexing(part, table.train) for part in (table.X, table.y))
    given = _check_method_params(table.X, table.fit_params, indices=table.train)
    prefix = guide.prefix
    more = {name: given[name] for name in ("sample_weight", "groups") if name in given}
    more |= {name: given[prefix + name] for name in ("sample_weight", "groups") if prefix + name in given}
    seconds = 0.15 * guide.budget.left_to_search if guide.budget.is_limited else None
    try:
        found = find_lr(
            clone(guide.run.estimator).set_params(**guide.incumbent.params if guide.incumbent else {}),
            X,
            y,
            n_jobs=guide.run.n_jobs,
            random_state=0,
            time_budget=seconds,
            **more,
        )
    except ValueError:  # no time for a single network, or all of them diverged
        return None
    return float(found.suggestion) if np.isfinite(found.suggestion) else None


def _try_batch_sizes(guide: Guide) -> None:
    own, n_rows = guide.settings, guide.n_train_rows
    size = count_batch_rows(own["batch_size"], n_rows)
    guide.race(list_batch_sizes(size, own["lr"], own["optimizer"], n_rows), share=0.25)


def _search_space(guide: Guide) -> None:
    """Try what often helps, then settings drawn from the space around the incumbent."""
    guide.race(list_recipes(guide.settings), share=0.4, keep=2)
    guide.race(_draw_around(guide, N_DRAWN), share=0.7, keep=2)


def _draw_around(guide: Guide, n: int, orders: float = 1.0) -> list[Change]:
    """Return settings drawn from the space around the incumbent.

    Parameters
    ----------
    guide : whose incumbent it is.
    n : settings.
    orders : of magnitude that weight decay goes up and down, and learning rates half
        as far. Below 1, dropout stays near, and the depth as it is.
    """
    own = guide.settings
    space: dict[str, Any] = search_space(_as_network(guide), orders=orders)
    space["lr"] = Range.from_bounds(own["lr"] / 10 ** (orders / 2), own["lr"] * 10 ** (orders / 2), log=True)
    if own["weight_decay"]:
        low, high = own["weight_decay"] / 10**orders, own["weight_decay"] * 10**orders
        space["weight_decay"] = Range.from_bounds(low, high, log=True)
    if "dropout" in space and orders < 1:
        near = orders * 0.3
        most = max(0.6, own["dropout"])
        space["dropout"] = Range.from_bounds(max(0.0, own["dropout"] - near), min(most, own["dropout"] + near))
        space.pop("n_layers", None)
    drawn = Space(space).sample(n, guide.draw)
    return [Change(format_params(each), each) for each in drawn]


def _as_network(guide: Guide) -> Any:
    """Return the network alone, not fitted, with the incumbent's parameters."""
    _, network = find_last_step(guide.estimator)
    return clone(network).set_params(**guide.settings)


def _try_schedules(guide: Guide) -> None:
    n_epochs = round(guide.typical_epochs)
    changes = list_schedules(n_epochs, guide.settings)
    guide.race(changes, share=0.9, keep=len(changes))


def _use_the_rest(guide: Guide) -> None:
    """Search close to the incumbent, again and again as long as that brings gains.

    So many settings are drawn that the luckiest of them would seem a gain, though all
    are equal: they must exceed that luck. Beside one standard error, 435 candidates on
    the 750 rows of german_credit made the result worse than the defaults.
    """
    report, idle = guide.report, 0
    for _ in range(MOST_ROUNDS if guide.budget.is_limited else 1):
        n_tried, before, found = len(report.tried), guide.incumbent, report.found
        n_known = len(guide.run.candidates)
        guide.race(_draw_around(guide, N_CLOSE, orders=0.4), share=0.9, keep=2, n_tries=n_known)
        if len(report.tried) == n_tried:
            break
        if guide.incumbent is before and n_tried:  # one such sentence is enough
            report.found, idle = found, idle + 1
        if idle == MOST_IDLE_ROUNDS:
            break
    if idle:
        last = report.found.removeprefix(found)
        rounds = format_amount(idle, "further rounds")
        report.found = f"{found}{rounds} of such settings brought no gain beyond noise. {last}"


STAGES = (
    Stage("untuned", _compare_untuned),
    Stage("kind of network", _try_architectures),
    Stage("learning rate", _find_rate),
    Stage("batch size", _try_batch_sizes),
    Stage("optimizer, regularisation and size", _search_space),
    Stage("schedule and early stopping", _try_schedules),
    Stage("close to the best", _use_the_rest),
)
