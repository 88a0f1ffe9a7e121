import re
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from sknet_hp.cli import progress
from sknet_hp.cli.progress import NetworkProgress


class Session:
    """Trains a network each time it is asked."""

    def __init__(self):
        self.trained = 0

    def progress(self):
        self.trained += 1
        return SimpleNamespace(trained=self.trained, waiting=0, training=0)


@pytest.mark.parametrize(("terminal", "kind"), [(True, "xterm"), (True, "dumb"), (False, "dumb")])
def test_progress_is_shown_and_ends(terminal, kind, monkeypatch, capsys):
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setattr(progress, "Console", lambda **keywords: Console(**keywords, force_terminal=terminal, width=120))
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.02)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_UPDATES", 0.02)
    with NetworkProgress(Session(), 1000, "Searching") as shown:
        time.sleep(0.2)
    err = capsys.readouterr().err
    assert "Searching" in err
    assert "1000" in err
    assert err.count("networks") > 1
    if not terminal:
        assert re.search(r"Searching: \d+ of 1000 networks trained, \d+ s, about \d+ s left", err)
    assert not shown._watcher.is_alive()


def test_progress_ends_with_an_error():
    with pytest.raises(KeyboardInterrupt), NetworkProgress(Session(), 10, "Searching") as shown:
        raise KeyboardInterrupt
    assert not shown._watcher.is_alive()
