"""What a card says of the parameters of networks, alone or averaged."""

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._pprint import _changed_params

from sknet_hp.formatting.numbers import format_count, format_percentage
from sknet_hp.formatting.values import format_params
from sknet_hp.sharing.cards.markdown import write_table

_HOLDERS = ("steps", "estimators", "transformers")
"""Parameters that hold estimators, whose own are listed."""
_OF_NO_INTEREST = ("random_state", "device")
"""Parameters that are no settings: a reader does not compare networks by them."""


def describe_members(model: Any) -> str:
    """Return a row for each setting among averaged networks, with their weight.

    Parameters
    ----------
    model : AveragedClassifier or AveragedRegressor, fitted.
    """
    settings = [dict(list_changed(member)) for member in model.estimators_]
    settings = [
        {name: value for name, value in each.items() if name.rpartition("__")[2] not in _OF_NO_INTEREST}
        for each in settings
    ]
    shared = {
        name: value
        for name, value in settings[0].items()
        if all(name in each and repr(each[name]) == repr(value) for each in settings)
    }
    weights = [1.0] * len(settings) if model.weights is None else list(model.weights)
    grouped: dict[str, list[float]] = {}
    for each, weight in zip(settings, weights, strict=True):
        own = {name: value for name, value in each.items() if name not in shared}
        grouped.setdefault(format_params(own) if own else "", []).append(weight / sum(weights))
    rest = "All other parameters have their default values, apart from the seed and the device."
    if len(grouped) == 1:
        same = f": {format_params(shared)}" if shared else ""
        return f"The {format_count(len(settings), 'network')} have the same settings{same}. {rest}"
    rows = [
        (str(len(parts)), format_percentage(sum(parts), 1), own or "the defaults")
        for own, parts in sorted(grouped.items(), key=lambda item: -sum(item[1]))
    ]
    table = write_table(("networks", "weight", "settings that differ"), rows)
    common = f"All of them have {format_params(shared)}. " if shared else ""
    return f"{table}\n\n{common}{rest}"


def list_changed(model: Any) -> list[tuple[str, Any]]:
    """Return the parameters that differ from their defaults, by their whole names."""
    params = model.get_params(deep=True)
    found = []
    for name, value in params.items():
        owner, _, own = name.rpartition("__")
        holder = params[owner] if owner else model
        is_part = isinstance(value, BaseEstimator) or own in _HOLDERS
        if isinstance(holder, BaseEstimator) and not is_part and own in _changed_params(holder):
            found.append((name, value))
    return found
