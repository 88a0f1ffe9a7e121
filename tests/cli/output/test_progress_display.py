import re
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from sknet_hp.cli.output import progress_display
from sknet_hp.cli.output.progress_display import ProgressDisplay


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
    monkeypatch.setattr(
        progress_display, "Console", lambda **keywords: Console(**keywords, force_terminal=terminal, width=120)
    )
    monkeypatch.setattr(progress_display, "SECONDS_BETWEEN_LINES", 0.02)
    monkeypatch.setattr(progress_display, "SECONDS_BETWEEN_UPDATES", 0.02)
    with ProgressDisplay(Session(), 1000, "Searching") as shown:
        time.sleep(0.2)
    err = capsys.readouterr().err
    assert "Searching" in err
    assert "1000" in err
    assert err.count("networks") > 1
    if not terminal:
        assert re.search(r"Searching: \d+ of 1000 networks trained, [\d.]+ s, about [\d.]+ s left", err)
    assert not shown._thread.is_alive()


def test_progress_ends_with_an_error():
    with pytest.raises(KeyboardInterrupt), ProgressDisplay(Session(), 10, "Searching") as shown:
        raise KeyboardInterrupt
    assert not shown._thread.is_alive()
