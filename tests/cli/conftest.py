"""Run commands in this process, in an empty directory of their own."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sknet_hp.cli import main


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command line in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run_command


@pytest.fixture
def refused(run):
    """Run a command line that must be refused: exit code 2, one sentence with the given
    words and, where it is known, the command as it should be; not a file more than
    before.
    """

    def run_refused(*arguments: object, says: tuple[str, ...] = (), instead: str | None = None) -> str:
        before = sorted(Path.cwd().rglob("*"))
        result = run(*arguments)
        assert result.code == 2, result
        assert result.err.startswith("sknet-hp: "), result.err
        sentence, _, command = result.err.partition(" Say:\n  ")
        assert sentence.rstrip("\n").endswith("."), result.err
        assert sentence.count("\n") == (0 if command else 1), result.err
        if instead is not None:
            assert command == (f"sknet-hp {instead}\n" if instead else "")
        for words in says:
            assert words in result.err
        assert sorted(Path.cwd().rglob("*")) == before
        return result.err

    return run_refused


@pytest.fixture
def table():
    """Sixty rows of numbers, text and booleans with missing cells; columns `label` and
    `amount` can be learned from them.
    """
    rng = np.random.default_rng(0)
    size = rng.normal(size=60)
    colour = rng.choice(["red", "green", "blue"], size=60)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(60) < 0.1, np.nan, size),
            "colour": np.where(rng.random(60) < 0.1, None, colour),
            "old": rng.random(60) < 0.5,
            "label": np.where(size > 0, "yes", "no"),
            "amount": 3 * size + (colour == "red"),
        }
    )
