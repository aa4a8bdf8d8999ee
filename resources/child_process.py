"""Child processes: they go with their parent, end when they hang, and what they died of is told in words."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NATIVE_FAULTS = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGABRT: "an abort",
    signal.SIGBUS: "a bus error",
    signal.SIGILL: "an illegal instruction",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGALRM: "a hang",
}
"""Signals that a process brings upon itself."""


def end_with_parent(descriptor: int) -> None:
    """Kill this process as soon as its parent is gone, however the parent ends.

    A death signal from the kernel would not do: it follows the *thread* that started the child, and is Linux's alone.

    Args:
        descriptor: Reading end of a pipe or socket whose other end the parent alone holds open and never writes to.
    """

    def wait() -> None:
        while os.read(descriptor, 1):
            continue
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


@contextmanager
def time_limit(limit_s: float) -> Iterator[None]:
    """Let the system kill this process by SIGALRM when a block takes too long.

    No code of a library that hangs can prevent it, not even while it holds the interpreter's lock. One block at a time.
    """
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def importing_alike() -> dict[str, str]:
    """Environment of a child of the same interpreter that is to find the modules that this process finds."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}


def is_native_fault(code: int) -> bool:
    """True for the exit code of a process that crashed by itself, as `subprocess` gives it: minus the signal."""
    return -code in _NATIVE_FAULTS


def cause_of_death(code: int) -> str:
    """What a process died of, e.g. ``"a segmentation fault (SIGSEGV)"``, to follow "died of"."""
    if code >= 0:
        return f"an exit with code {code}"
    try:
        died_of = signal.Signals(-code)
    except ValueError:  # a real-time signal
        return f"the signal {-code}"
    return f"{_NATIVE_FAULTS[died_of]} ({died_of.name})" if died_of in _NATIVE_FAULTS else f"the signal {died_of.name}"
