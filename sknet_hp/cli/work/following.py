"""The command that comes next, with the user's own table and options."""

from typing import Any

from sknet_hp.cli.options import BASELINES, DEFAULT, MODELS, TableOptions, write_command

NEW = "NEW.csv"


def write_following(command: str, options: TableOptions, **told: Any) -> str:
    """Return a command about the table that was just worked on.

    What a command is told of the table changes what it does, so all of it is taken
    over.

    Parameters
    ----------
    options : which table, and what its columns are for.
    told : further options by name, such as ``model="tabm"``; those that are None, and
        the default model, are left out.
    """
    task = None if options.task == "auto" else options.task
    model = told.pop("model", None)
    known = {"target": options.target, "task": task, "model": None if model == DEFAULT else model}
    known |= told | {"groups": options.groups, "time": options.time}
    words = [
        word
        for name, value in known.items()
        if value is not None
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    drops = [word for name in options.drop for word in ("--drop", name)]
    return write_command(command, options.data, *words, *drops)


def write_after_choice(model: str, options: TableOptions, **told: Any) -> str:
    """Return what comes after a model was found good as it is.

    A network is tuned, a saved model predicts, and a simple model of scikit-learn is
    what a tuned network is then compared with.

    Parameters
    ----------
    model : its name, or its path.
    options : which table, and what its columns are for.
    told : options of `tune` by name.
    """
    if model not in MODELS:
        return write_command("predict", model, NEW)
    return write_following("tune", options, model=None if model in BASELINES else model, **told)
