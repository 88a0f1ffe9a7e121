"""The command as a process: what it says of itself, where its output goes, how it ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

import sknet_hp
from tests.helpers.scripts import run_code


def test_version(run):
    assert run("--version").out == f"sknet-hp {sknet_hp.__version__}\n"


def test_help_is_true(run):
    assert "runs no code" in run("predict", "--help").out
    flags = [line for line in run("predict", "--help").out.splitlines() if "--proba" in line or "--overwrite" in line]
    assert len(flags) >= 2
    assert not any("<bool>" in line for line in flags)  # which reads as if a value were to follow


def _command(*arguments, **options):
    code = "import sys; from sknet_hp.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True, check=False, **options
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
def test_output_that_can_not_be_written():
    with open("/dev/full", "w") as full:
        ended = _command("--version", stdout=full)
    assert ended.returncode == 2
    assert (
        ended.stderr
        == "sknet-hp: standard output can't be written (No space left on device): free some space, or write "
        "elsewhere.\n"
    )


def test_standard_output_may_be_closed():
    code = "import sys; from sknet_hp.cli import main; sys.exit(main())"
    ended = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -c '{code}' --version >&-"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_readers_may_stop_early():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        ended = _command("--version", stdout=nobody)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_interrupt_at_the_very_end_is_none():
    """Results are written then, and only worker processes are to end."""
    code = (
        "import signal, sys; from sknet_hp.cli import main; "
        "code = main(); signal.raise_signal(signal.SIGINT); sys.exit(code)"
    )
    ended = run_code(code, "--version", check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_interrupt_leaves_a_journal(tmp_path):
    code = "import sys; from sknet_hp.cli import main; sys.exit(main())"
    arguments = ["tune", "sklearn:digits", "--candidates", "200", "--out", "results"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()  # the table has been read, training begins
        while process.poll() is None and not (tmp_path / "results/journal").exists():
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == (
        "sknet-hp: interrupted, no result was written; the same command with --resume continues from here (results)."
    )
    assert "Traceback" not in err
    assert os.listdir(tmp_path / "results") == ["journal"]
