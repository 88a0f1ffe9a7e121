"""Ctrl-C while libraries are imported.

torch runs Python from C++ while it is imported, where no exception may pass: an
interrupt then ends the process with an abort. So it waits for the import's end.
"""

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS_BETWEEN_TRIES = 0.05

_IMPORTS = "<frozen importlib._bootstrap>"
"""The file of the frames of an import."""


@contextmanager
def hold_interrupts_of_imports() -> Iterator[None]:
    """Let a Ctrl-C that comes during an import inside the context wait for its end.

    Where someone else handles interrupts already, nothing is changed.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    outermost = sys._getframe(2)  # whoever enters the context; what it was called by is no concern of ours

    def interrupt(number: int, frame: FrameType | None) -> None:
        while frame is not None and frame is not outermost:
            if frame.f_code.co_filename == _IMPORTS:
                again = threading.Timer(SECONDS_BETWEEN_TRIES, _thread.interrupt_main)
                again.daemon = True
                again.start()
                return
            frame = frame.f_back
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)
