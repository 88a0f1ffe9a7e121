"""The commands, their options and their help.

Imports of the heavy libraries wait until a command runs.
"""

import errno
import io
import math
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.memory import is_out_of_memory
from sknet_hp.cli.options import SearchMethod, TaskOption, TuneOptions
from sknet_hp.cli.versions import find_installed_version

BAD_INPUT, INTERRUPTED = 2, 130

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code.

    What a user can mend becomes one sentence on stderr.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "±" must not cost a finished search
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="sknet-hp", standalone_mode=False)
        if sys.stdout is not None:  # as it is where standard output is closed
            sys.stdout.flush()
    except BadInput as error:
        return _fail(str(error))
    except TyperException as error:
        message = error.format_message().strip().replace("Value error, ", "").rstrip(".")
        message = re.sub(r"\. Did you mean (.*)\?$", r" (did you mean \1?)", message)
        if not message:  # no command was given, and the help stands there already
            return BAD_INPUT
        context = getattr(error, "ctx", None)
        return _fail(f"{message}; see {context.command_path if context else 'sknet-hp'} --help")
    except (KeyboardInterrupt, Abort):
        code = INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough, as `head` does
        _forget_standard_output()
        return 1
    except Exception as error:
        if is_out_of_memory(error):
            return _fail(
                "there was not enough memory and nothing was written: use fewer rows, columns or folds, or a machine "
                "with more memory"
            )
        if isinstance(error, OSError) and error.filename is not None:
            return _fail(f"{str(error.filename)!r} can't be used ({error.strerror}): give another path")
        if isinstance(error, OSError) and error.errno in (
            errno.ENOSPC,
            errno.EIO,
            errno.EDQUOT,
        ):  # what has no name is a standard stream
            _forget_standard_output()
            return _fail(f"standard output can't be written ({error.strerror}): free some space, or write elsewhere")
        raise
    if code == INTERRUPTED:
        print("sknet-hp: interrupted, nothing was written.", file=sys.stderr)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _forget_standard_output() -> None:
    """Keep the interpreter from writing, and failing, once more when it ends."""
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _fail(message: str) -> int:
    sentence = " ".join(message.split())
    print(f"sknet-hp: {sentence.rstrip('.')}.", file=sys.stderr)
    return BAD_INPUT


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sknet-hp {find_installed_version('sknet_hp') or 'from a source tree'}")
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Neural networks for tables: tune one, score it honestly, predict with it."""


@app.command()
def tune(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A .csv, .csv.gz or .parquet file, or sklearn:NAME (iris, wine, breast_cancer, digits, diabetes).",
        ),
    ],
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column to predict. May be left out for sklearn:NAME.")
    ] = None,
    task: Annotated[
        TaskOption,
        typer.Option(
            help="auto: regression if the target has fractions or more than 20 distinct numbers, else classification."
        ),
    ] = "auto",
    search: Annotated[SearchMethod, typer.Option(help="How candidates are chosen.")] = "random",
    candidates: Annotated[
        int, typer.Option(min=1, max=100_000, help="Settings to try; a grid has at most this many points.")
    ] = 20,
    cv: Annotated[int, typer.Option(min=2, help="Inner folds, which choose among the candidates.")] = 3,
    outer_cv: Annotated[
        int, typer.Option(min=2, help="Outer folds, which score the whole search on rows it has not seen.")
    ] = 5,
    scoring: Annotated[
        str | None,
        typer.Option(
            metavar="SCORER",
            help="A scorer of scikit-learn, such as roc_auc or neg_log_loss.",
            show_default="accuracy or r2",
        ),
    ] = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Time for the whole command. A pilot measures how many of the candidates fit in.",
            show_default="none",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Fixes folds, candidates and networks.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the results go.", show_default="NAME-tuned, after DATA")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", metavar="", help="Replace the results of an earlier run in DIR.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Search for the best network for a table, and score the search by nested
    cross-validation.

    The table may hold numbers, text, categories and missing values; nothing need be
    prepared. All networks, those of the outer folds and those of the final search on
    all rows, train together.

    The score printed is that of the *outer* folds, whose rows took no part in choosing:
    what the final model may be expected to reach on new rows of the same kind. Folds
    are shuffled; for rows that depend on each other (time series, several rows a
    person) it is too optimistic.

    DIR gets **model.safetensors** (the best network, fitted on all rows),
    **cv_results.csv** (every candidate of the final search) and **summary.json**
    (scores, parameters, settings), all or none. The same seed on the same machine gives
    the same numbers.

    **Examples**

    * `sknet-hp tune sklearn:digits`

    * `sknet-hp tune titanic.csv --target survived --scoring roc_auc`

    * `sknet-hp tune houses.parquet --target price --candidates 60 --time-budget 300
      --out houses`
    """
    from sknet_hp.cli.tune import tune_table

    if time_budget is not None and not (time_budget > 0 and math.isfinite(time_budget)):
        raise BadInput(f"--time-budget {time_budget:g} is no time: give a number of seconds above 0")
    tune_table(
        TuneOptions(
            data=os.path.expanduser(data),
            target=target,
            task=task,
            search=search,
            candidates=candidates,
            cv=cv,
            outer_cv=outer_cv,
            scoring=scoring,
            time_budget=time_budget,
            seed=seed,
            out=_expand(out),
            overwrite=overwrite,
            device=device,
        )
    )


@app.command()
def predict(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="A model.safetensors that tune wrote, its directory, or a file of sknet_hp.save."
        ),
    ],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="A table like that of tune; other columns than the model's are not looked at."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A .csv, .csv.gz or .parquet file for the predictions.", show_default="standard output"
        ),
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", metavar="", help="Add a column with the probability of each class.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", metavar="", help="Replace FILE if it is there.")] = False,
) -> None:
    """Predict the rows of a table with a model that `tune` or `sknet_hp.save` has
    saved.

    Writes a table with one line a row, in the order of the rows: the column
    **prediction** and, with --proba, a column **probability_CLASS** for each class.

    A model is a file of numbers and JSON; loading one executes nothing that stands in
    it.

    **Examples**

    * `sknet-hp predict titanic-tuned new_passengers.csv`

    * `sknet-hp predict titanic-tuned/model.safetensors new_passengers.csv --proba --out
      predictions.csv`
    """
    from sknet_hp.cli.predict import predict_table

    predict_table(Path(os.path.expanduser(model)), os.path.expanduser(data), _expand(out), proba, overwrite)


def _expand(path: Path | None) -> Path | None:
    """Put the home directory for a ``~``, which shells leave in ``--out=~/results``."""
    return None if path is None else Path(os.path.expanduser(path))
