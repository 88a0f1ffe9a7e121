"""Ctrl-C during an import waits for the import's end."""

import signal
import sys
from importlib import import_module

import pytest

from sknet_hp.cli.interrupts import hold_interrupts_of_imports

SLOW = """
import signal, time
signal.raise_signal(signal.SIGINT)
time.sleep(0.01)
WHOLE = True
"""


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """A module during whose import Ctrl-C is pressed."""
    (tmp_path / "interrupted_module.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    yield "interrupted_module"
    sys.modules.pop("interrupted_module", None)


def test_an_import_ends_before_the_interrupt(slow_module):
    def run():
        with hold_interrupts_of_imports():
            assert import_module(slow_module).WHOLE
            while True:  # a search, say
                pass

    with pytest.raises(KeyboardInterrupt):
        run()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_an_import_the_interrupt_comes_at_once():
    after = []

    def run():
        with hold_interrupts_of_imports():
            signal.raise_signal(signal.SIGINT)
            after.append("later")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert not after


def test_handlers_of_others_stay():
    seen = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with hold_interrupts_of_imports():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]
