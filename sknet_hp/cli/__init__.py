"""The command line: ``sknet-hp tune``, ``evaluate``, ``predict`` and others."""

import signal
import sys

_EXTRA = {"typer", "rich", "pandas", "pyarrow"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : list of str, default=None
        What follows ``sknet-hp``; ``None`` takes the process's own.

    Returns
    -------
    int
        0 for success, 2 for input that can't be used, 3 where `diagnose --strict` has
        found something, 130 after Ctrl-C, 1 if whoever reads standard output stops
        before its end.
    """
    try:
        from sknet_hp.cli.app import run
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        print(
            f"sknet-hp: the command line needs the package {error.name!r}; install it with: pip install "
            f"'sknet_hp[cli]'",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return 130
    code = run(arguments)
    if arguments is None:  # all is done but for the workers' end: Ctrl-C would only add a traceback
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code
