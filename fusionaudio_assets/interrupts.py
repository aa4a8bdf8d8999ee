"""Ctrl-C that is not lost while Dagster works.

Dagster puts handlers of its own in the place of Python's: it makes an interrupted step a failed run, and forgets what
came while it kept its books. The system itself is asked instead, through `signal.set_wakeup_fd`.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STOPPING = {signal.SIGINT, signal.SIGTERM}


@contextmanager
def heeding_interrupts() -> Iterator[Callable[[], None]]:
    """Give a function that raises `KeyboardInterrupt` when this process was told to stop since the last call.

    Outside of the main thread it never does: Python hears no signals there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)

    def heed() -> None:
        try:
            heard = os.read(reader, 4096)
        except BlockingIOError:
            return
        if _STOPPING.intersection(heard):
            raise KeyboardInterrupt

    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield heed
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)
