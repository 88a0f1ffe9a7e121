"""Search spaces that a user writes: a small format in TOML or JSON.

A line for each parameter of the network: a list of choices, a range `{low, high}` with
`log` where its scale is logarithmic, or one value that all candidates have.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sknet_hp.cli.errors import BadInput
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range
from sknet_hp.search.spaces.names import check_names
from sknet_hp.search.spaces.reading import read_dimension

ENDINGS = (".toml", ".json")
_KEYS = {"low", "high", "log"}
_EXAMPLE = 'dropout = [0.0, 0.2], or lr = {low = 1e-4, high = 1e-2, log = true}, or optimizer = "lion"'


def read_space(path: Path, network: Any) -> dict[str, Any]:
    """Read a space for a network.

    Parameters
    ----------
    path : of a file that ends in .toml or .json.
    network : whose parameters are searched, or a pipeline that ends with it.

    Returns
    -------
    dict
        A list of choices, or a range, by the name of each parameter.

    Raises
    ------
    BadInput
        If the file can't be read, or a parameter or a value is none of the network's;
        it says which, and in which line.
    """
    text = _read_text(path)
    given = _parse(text, path)
    if not given:
        raise BadInput(f"--space {str(path)!r} has no parameter in it: write lines such as {_EXAMPLE}")
    space = {}
    for name, value in given.items():
        place = _find_place(text, path, name)
        try:
            check_names([name], network)
        except ValueError as error:
            raise BadInput(f"{place}: {error}") from error
        space[name] = _read_entry(name, value, place)
        _check_values(name, space[name], network, place)
    return {name: entry.values if isinstance(entry, Choice) else entry for name, entry in space.items()}


def _read_text(path: Path) -> str:
    if path.suffix.lower() not in ENDINGS:
        raise BadInput(f"--space {str(path)!r} does not end in {' or '.join(ENDINGS)}: write it as one of these")
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"there is no file {str(path)!r}: --space needs one with lines such as {_EXAMPLE}") from None
    except UnicodeDecodeError:
        raise BadInput(f"--space {str(path)!r} is not UTF-8 text: save it as UTF-8") from None


def _parse(text: str, path: Path) -> Mapping[str, Any]:
    try:
        given = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"--space {str(path)!r} can't be read ({error}): write lines such as {_EXAMPLE}") from error
    if not isinstance(given, dict):
        raise BadInput(f"--space {str(path)!r} is not a table of parameters: write an object of names and values")
    return given


def _find_place(text: str, path: Path, name: str) -> str:
    """Return where a parameter stands, for the beginning of a sentence."""
    pattern = re.compile(rf"^[\s{{,\[]*[\"']?{re.escape(name)}[\"']?\s*[=:.\]]")
    number = next((n for n, line in enumerate(text.splitlines(), 1) if pattern.match(line)), None)
    return f"--space {str(path)!r}{'' if number is None else f', line {number}'}"


def _read_entry(name: str, value: Any, place: str) -> Dimension:
    if isinstance(value, list):
        if not value:
            raise BadInput(f"{place}: {name!r} has no values: write at least one, such as {name} = [1, 2]")
        return Choice([tuple(each) if isinstance(each, list) else each for each in value])
    if not isinstance(value, dict):
        return Choice([value])
    if not {"low", "high"} <= set(value) <= _KEYS:
        raise BadInput(
            f"{place}: {name!r} has {', '.join(map(repr, value)) or 'nothing'} in it: a range has low and high, and "
            f"log = true where its scale is logarithmic"
        )
    if not isinstance(value.get("log", False), bool):
        raise BadInput(f"{place}: log of {name!r} is {value['log']!r}: write true or false")
    try:
        bounds = (value["low"], value["high"])
        return read_dimension((*bounds, "log-uniform") if value.get("log") else bounds, name)
    except ValueError as error:
        needs = "numbers above 0" if value.get("log") else "numbers"
        raise BadInput(
            f"{place}: {name!r} goes from {value['low']!r} to {value['high']!r}: low and high must be {needs}, low "
            f"below high"
        ) from error


def _check_values(name: str, entry: Dimension, network: Any, place: str) -> None:
    """Refuse values that the network's parameter does not take."""
    values = [entry.low, entry.high] if isinstance(entry, Range) else entry.values
    for value in values:
        _, last = find_last_step(clone(network).set_params(**{name: value}))
        try:
            last._validate_params()
        except InvalidParameterError as error:
            raise BadInput(f"{place}: {error}") from error
