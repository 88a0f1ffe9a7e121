"""The command line as a whole: its commands, its errors, its exit codes.

Imports of the heavy libraries wait until a command runs.
"""

import errno
import io
import os
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from sknet_hp.cli.commands.card import card
from sknet_hp.cli.commands.compare import compare
from sknet_hp.cli.commands.diagnose import diagnose
from sknet_hp.cli.commands.evaluate import evaluate
from sknet_hp.cli.commands.export import export
from sknet_hp.cli.commands.importances import importances
from sknet_hp.cli.commands.lr import lr
from sknet_hp.cli.commands.predict import predict
from sknet_hp.cli.commands.report import report
from sknet_hp.cli.commands.tune import tune
from sknet_hp.cli.commands.watch import watch
from sknet_hp.cli.errors import BadInput, Interrupted
from sknet_hp.cli.interrupts import hold_interrupts_of_imports
from sknet_hp.cli.memory import is_out_of_memory
from sknet_hp.cli.options import GIVEN
from sknet_hp.cli.slips import explain
from sknet_hp.cli.versions import find_installed_version

BAD_INPUT, INTERRUPTED = 2, 130

UNWRITABLE = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
"""Errors of a standard stream that nothing more fits into."""

EPILOG = """
**Exit codes**

* 0: done.

* 1: the reader of the output closed it early.

* 2: unusable input. One sentence says why; no result is written.

* 3: `diagnose --strict` has found something.

* 130: interrupted. `tune` and `evaluate` continue with `--resume`.
"""

WORDS = {
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "greater than or equal to": "a number of at least",
    "less than or equal to": "a number of at most",
}
"""In messages about numbers, what is said in plainer words."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
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
    GIVEN.set(tuple(sys.argv[1:] if arguments is None else arguments))
    try:
        with hold_interrupts_of_imports():
            code = command.main(arguments, prog_name="sknet-hp", standalone_mode=False)
        if sys.stdout is not None:  # as it is where standard output is closed
            sys.stdout.flush()
    except BadInput as error:
        return _fail(str(error), error.instead)
    except TyperException as error:
        message = error.format_message().strip().replace("Value error, ", "").rstrip(".")
        context = getattr(error, "ctx", None)
        meant = explain(message, _list_options(context))
        if meant is not None:
            return _fail(str(meant), meant.instead)
        message = re.sub(r"\. Did you mean (.*)\?$", r" (did you mean \1?)", message)
        if not message:  # no command was given, and the help stands there already
            return BAD_INPUT
        message = _name_value(message, GIVEN.get())
        return _fail(f"{message}; see {context.command_path if context else 'sknet-hp'} --help")
    except Interrupted as interrupt:
        print(f"sknet-hp: interrupted, {interrupt}.", file=sys.stderr)
        return INTERRUPTED
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
        if isinstance(error, OSError) and error.errno in UNWRITABLE:  # what has no name is a standard stream
            _forget_standard_output()
            return _fail(f"standard output can't be written ({error.strerror}): free some space, or write elsewhere")
        raise
    if code == INTERRUPTED:
        print("sknet-hp: interrupted, nothing was written.", file=sys.stderr)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _list_options(context: typer.Context | None) -> list[str]:
    """Return the options of the command that could not be read, where it is known."""
    parameters = context.command.params if context else []
    return [name for each in parameters for name in (*each.opts, *each.secondary_opts)]


def _name_value(message: str, given: Sequence[str]) -> str:
    """Return a message about an option's value with what was given and what is allowed.

    That of a number that is none, or too small, has neither in plain words.
    """
    found = re.fullmatch(r"Invalid value for '(--[\w-]+)': Input should be (.*?)(, unable to parse .*)?", message)
    if found is None:
        return message
    option, allowed = found[1], found[2]
    for wordy, plain in WORDS.items():
        allowed = allowed.replace(wordy, plain)
    if option == "--time-budget":
        allowed += " of seconds"
    values = [each.partition("=")[2] for each in given if each.startswith(f"{option}=")]
    values += [value for each, value in pairwise(given) if each == option]
    return f"{option} {values[-1] if values else ''} can't be used: give {allowed}"


def _forget_standard_output() -> None:
    """Keep the interpreter from writing, and failing, once more when it ends."""
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _fail(message: str, instead: str = "") -> int:
    """Print a sentence, and the command to type instead on a line of its own."""
    sentence = " ".join(message.split()).rstrip(".")
    print(f"sknet-hp: {sentence}. Say:\n  {instead}" if instead else f"sknet-hp: {sentence}.", file=sys.stderr)
    return BAD_INPUT


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sknet-hp {find_installed_version('sknet_hp') or 'from a source tree'}")
        raise typer.Exit


@app.callback(epilog=EPILOG)
def describe(
    version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Neural networks for tables: tune, score honestly, compare, diagnose, predict."""


for command in (tune, predict, evaluate, compare, importances, lr, diagnose, report, watch, export, card):
    app.command()(command)
