"""Slips on the command line: what was meant, and the command as it should be.

Only names and files are looked at, so refusals come at once.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sknet_hp.cli.completing import read_header
from sknet_hp.cli.errors import BadInput, find_near, suggest, suggest_path
from sknet_hp.cli.options import GIVEN, MODELS, NETWORKS, write_command
from sknet_hp.cli.output.files import JOURNAL, MODEL, SUMMARY
from sknet_hp.cli.tables.loading import is_table_name, shorten_source

ENDING = Path(MODEL).suffix
ONE_TABLE = ("tune", "evaluate", "lr")
"""Commands that take a table and nothing else."""

MODEL_FIRST = ("predict", "diagnose", "importances", "export", "card")
"""Commands that take a model, and then a table."""

WITH_TARGET = (*ONE_TABLE, "compare", "diagnose")
"""Commands that must be told the target."""

TABLE, COLUMN = "TABLE.csv", "COLUMN"
"""What stands in a command for what is not known."""

SAME = {
    "--budget": "--time-budget",
    "--exclude": "--drop",
    "--folds": "--cv",
    "--group": "--groups",
    "--ignore": "--drop",
    "--label": "--target",
    "--method": "--search",
    "--metric": "--scoring",
    "--n-trials": "--candidates",
    "--output": "--out",
    "--searcher": "--search",
    "--timeout": "--time-budget",
    "--trials": "--candidates",
}
"""Options as other programs call them, and as ours do."""


def is_model(word: str) -> bool:
    """Return whether a word names a saved model, or the directory of one."""
    path = Path(word).expanduser()
    return (path / MODEL).is_file() or (path.is_file() and path.suffix == ENDING)


def is_run(word: str) -> bool:
    """Return whether a word names a directory that one of our commands wrote."""
    return any((Path(word).expanduser() / name).exists() for name in (MODEL, SUMMARY, JOURNAL))


def find_model(table: str) -> str:
    """Return the directory that `tune` gives a table's model; MODEL if it has none."""
    usual = f"{shorten_source(table)}-tuned"
    return usual if is_model(usual) else "MODEL"


def suggest_run(path: Path) -> str:
    """Return `` (did you mean 'titanic-tuned'?)`` where a run of a near name is."""
    return suggest_path(path, lambda other: is_run(str(other)) or is_model(str(other)))


def recall_target(model: Path) -> str | None:
    """Return the target that a model was tuned for, where `tune` has noted it."""
    return read_summary(model if model.is_dir() else model.parent).get("target")


def read_summary(run: Path) -> dict[str, Any]:
    """Return what a command has noted of a run; nothing if it has noted nothing."""
    try:
        found = json.loads((run / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def check_table_first(data: str, others: Sequence[str] = ()) -> None:
    """Refuse a model where a table comes first.

    Parameters
    ----------
    data : what stands where the table should.
    others : the other arguments.

    Raises
    ------
    BadInput
        If it is a model or a run, or if one of the others is a table.
    """
    is_preset = data in MODELS and not Path(data).exists()
    if is_table_name(data) or not GIVEN.get():
        return
    command, *rest = GIVEN.get()
    tables = [other for other in others if is_table_name(other)]
    if tables:
        order = [tables[0], data, *(other for other in others if other != tables[0])]
    elif is_preset or is_model(data) or is_run(data):
        order = [_recall_table(data)[0], data, *others]
    else:
        return
    if command not in ONE_TABLE:
        raise BadInput("the table comes first", write_command(command, *order, *_without(rest, [data, *others])))
    given = [] if "--target" in rest else ["--target", _recall_table(data)[1]]
    model = ["--model", data] if is_preset or is_model(data) else []
    kind = f"model, and {command} takes a table; a model is an option" if model else f"run, and {command} takes a table"
    raise BadInput(f"{data!r} is a {kind}", write_command(command, order[0], *given, *model, *_without(rest, [data])))


def check_model_first(model: str, data: str | None) -> None:
    """Refuse a table where a model comes first.

    Parameters
    ----------
    model : what stands where the model should.
    data : the argument after it.

    Raises
    ------
    BadInput
        If it is a table.
    """
    if not is_table_name(model) or not GIVEN.get():
        return
    command, *rest = GIVEN.get()
    rest = _without(rest, [model, *([] if data is None else [data])])
    if data is None or is_table_name(data):
        order = [find_model(model), *([] if data is None else [data])]
        raise BadInput(f"{model!r} is a table, and a model comes first", write_command(command, *order, *rest))
    raise BadInput("the model comes first", write_command(command, data, model, *rest))


def explain_no_run(path: Path) -> BadInput | None:
    """Return what to say of a path that is not the directory of a run.

    None if nothing is known of it.
    """
    command = GIVEN.get()[0] if GIVEN.get() else "report"
    if path.is_file() and path.suffix == ENDING:
        known = write_command(command, str(path.parent))
        return BadInput(f"{str(path)!r} is a model, and {command} takes its directory", known)
    if is_table_name(str(path)):
        known = write_command(command, find_model(str(path)).replace("MODEL", "RUN"))
        return BadInput(f"{str(path)!r} is a table, and {command} takes a directory that tune or evaluate wrote", known)
    return None


def explain(message: str, options: Sequence[str] = ()) -> BadInput | None:
    """Return what was probably meant where a command line could not be read.

    Parameters
    ----------
    message : what the parser of arguments says.
    options : those that the command has.

    Returns
    -------
    BadInput or None
        Mostly with the command as it should be; None if nothing is known.
    """
    given = GIVEN.get()
    if found := re.match(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", message):
        return _explain_extra(given, found[1].split())
    if found := re.match(r"Missing argument '(?:\[MODEL\] )?(MODEL|DATA|RUN)'", message):
        return _explain_missing(given, found[1])
    if found := re.match(r"No such command '(.*?)'", message):
        return _explain_command(given, found[1])
    if re.match(r"No such option: -\w", message):
        return _explain_dash(given)
    if found := re.match(r"No such option: (--[\w-]+)", message):
        return _explain_option(given, found[1], options)
    if found := re.match(r"Invalid value for '(--[\w-]+)': '(.*?)' is not one of (.*)", message):
        near = suggest(found[2], re.findall(r"'(.*?)'", found[3]))
        return BadInput(f"{found[1]} {found[2]!r} is not known{near}: give one of {found[3]}")
    return None


def _explain_extra(given: Sequence[str], extras: Sequence[str]) -> BadInput | None:
    """Return what to do with arguments too many: they may be the values of options."""
    command, *rest = given
    tables = [word for word in rest if is_table_name(word)]
    if not tables or command not in WITH_TARGET or not set(extras) <= set(rest):
        return None
    columns = {name.casefold(): name for name in read_header(str(Path(tables[0]).expanduser()))}
    target = columns.get(extras[-1].casefold())
    if target is not None and "--target" not in rest:
        return BadInput("the target is an option", write_command(command, *_without(rest, extras), "--target", target))
    named = [word for word in rest if word.casefold() in columns]
    if named and set(extras) <= set(tables) and "--target" not in rest:
        words = [*_without(rest, [named[0]]), "--target", columns[named[0].casefold()]]
        return BadInput("the target is an option", write_command(command, *words))
    models = [word for word in rest if is_model(word) or (word in NETWORKS and word in extras)]
    if command in ONE_TABLE and models and "--model" not in rest:
        words = [tables[0], "--model", models[0], *_without(rest, [tables[0], models[0]])]
        return BadInput(f"{command} takes a table; a model is an option", write_command(command, *words))
    return BadInput(f"{' '.join(extras)!r} is too much, for {command} takes one table: the target follows --target")


def _explain_missing(given: Sequence[str], missing: str) -> BadInput:
    """Return the command with a placeholder for the argument that is missing."""
    command, *rest = given
    target = ["--target", COLUMN] if command in WITH_TARGET and "--target" not in rest else []
    table = next((place for place, word in enumerate(rest) if is_table_name(word)), None)
    if command in MODEL_FIRST and missing == "DATA" and table is not None:
        words = [*rest[:table], find_model(rest[table]), *rest[table:], *target]
        return BadInput("the model is missing, which comes first", write_command(command, *words))
    data = "NEW.csv" if command == "predict" else TABLE
    if missing == "DATA":
        models = [place for place, word in enumerate(rest) if not word.startswith("-")]
        place = models[0] + 1 if models and command in MODEL_FIRST else 0
        words = [*rest[:place], data, *rest[place:], *target]
        return BadInput("the table is missing", write_command(command, *words))
    if missing == "RUN":
        return BadInput("the directory of a run is missing", write_command(command, "RUN", *rest))
    tables = [] if command in ("export", "card") else [data]
    return BadInput("the model is missing", write_command(command, missing, *tables, *rest))


def _explain_command(given: Sequence[str], word: str) -> BadInput | None:
    """Return what to say in place of a command that there is not."""
    if word == "help":
        return BadInput("help is an option", write_command(*_without(given, [word]), "--help"))
    if is_table_name(word):
        target = [] if "--target" in given else ["--target", COLUMN]
        return BadInput("a command comes first, such as tune", write_command("tune", *given, *target))
    if is_run(word):
        return BadInput("a command comes first, such as report", write_command("report", word))
    return None


def _explain_option(given: Sequence[str], wrong: str, options: Sequence[str]) -> BadInput | None:
    """Return what to say of an option that there is not."""
    meant = SAME[wrong] if SAME.get(wrong) in options else find_near(wrong, options)
    if meant is None:
        return None
    words = [meant + word.removeprefix(wrong) if word.split("=")[0] == wrong else word for word in given]
    return BadInput(f"there is no option {wrong}", write_command(*words))


def _explain_dash(given: Sequence[str]) -> BadInput | None:
    """Return what to say of an option with one dash."""
    wrong = [word for word in given if re.match(r"-[a-z][\w-]+", word)]
    if not wrong:
        return None
    words = [f"-{word}" if word in wrong else word for word in given]
    return BadInput(f"{wrong[0]!r} has one dash, and options have two", write_command(*words))


def _without(words: Sequence[str], left_out: Iterable[str]) -> list[str]:
    """Return words without some of them, each of which is left out once."""
    rest = list(words)
    for word in left_out:
        if word in rest:
            rest.remove(word)
    return rest


def _recall_table(model: str) -> tuple[str, str]:
    """Return the table that a model was tuned on, and its target, where it is known."""
    path = Path(model).expanduser()
    summary = read_summary(path if path.is_dir() else path.parent)
    settings = summary.get("settings") or {}
    data = str(settings.get("data"))
    is_there = data.startswith("sklearn:") or Path(data).is_file()
    return data if is_there else TABLE, str(summary.get("target") or settings.get("target") or COLUMN)
