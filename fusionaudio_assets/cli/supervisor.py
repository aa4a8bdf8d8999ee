"""A run that crashes starts again: the terminal waits in one process for the run in another.

Libraries in native code can take their process with them. The stage finds the clip that makes them do so, but only in
a run that comes after two that died (`fusionaudio_assets.stage.attempts`), so somebody has to start it. A run is
started again while it gets on: three deaths at the same place end it.

What is killed on purpose is not started again. Linux counts the processes that it kills for want of memory; where that
count did not rise, or there is none, SIGKILL came from a person.

The run is a new program and not a fork: on a Mac, libraries that use the GPU do not work in forks. It has a group of
its own, so that Ctrl-C reaches it once, through here, whoever sent it and however.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from fusionaudio_assets.cli.console import complain, say
from fusionaudio_assets.hangs import will_be_started_again
from resources.child_process import cause_of_death, end_with_parent, importing_alike, is_native_fault
from resources.english import counted

SUPERVISED = frozenset({"run", "retry", "demo"})
"""Commands that run models."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that are passed on to the run, which is deaf to them until it can answer in words."""

_MOST_DEATHS = 3
_KEPT = "What was finished is kept; the same command goes on from there."
_OF_THE_RUN = "from fusionaudio_assets.cli import serve; serve()"

_line: int | None = None
"""In the run: the socket to the terminal that waits for it."""


def supervise(arguments: Sequence[str]) -> int:
    """Run a command in another process until it ends by itself; returns its exit code."""
    return _Terminal(arguments).run()


def tell_place(stage: str, shard: str, left: int) -> None:
    """Tell the waiting terminal, if there is one, where the run is, so that it can say where it died."""
    if _line is not None:
        os.write(_line, f"{stage} of {shard}, {counted(left, 'clip')} left\n".encode())


def answer_to_terminal() -> None:
    """In the run: take the socket, the first argument, and end when the terminal does.

    Ctrl-C means what it does in Python, even where the shell ignores it, as for commands in its background: what the
    terminal ignores it does not pass on, and Dagster would ignore SIGTERM with it.
    """
    global _line  # noqa: PLW0603 - one process, one terminal
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _line = int(sys.argv.pop(1))
    os.set_inheritable(_line, False)
    end_with_parent(_line)
    will_be_started_again()


class _Terminal:
    """The side that waits."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._place = ""
        self._is_stopped = False

    def run(self) -> int:
        """Run the command, again where it crashes."""
        deaths: list[str] = []
        with self._listening():
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
            while not self._is_stopped:
                killed = _killed_for_memory()
                code = self._once()
                if code >= 0:
                    return code
                if self._is_stopped:
                    break
                short_of_memory = code == -signal.SIGKILL and _killed_for_memory() > killed
                told = "a lack of memory" if short_of_memory else cause_of_death(code)
                told = f"The run died of {told}{f' in {self._place}' if self._place else ''}"
                deaths = [*(place for place in deaths if place == self._place), self._place]
                if not (short_of_memory or is_native_fault(code)):
                    complain(f"{told}.", _KEPT)
                    return 1
                if len(deaths) == _MOST_DEATHS:
                    complain(
                        f"{told}, as often as it was tried ({_MOST_DEATHS} times).",
                        f"{_KEPT} A smaller batch_size of that stage in the profile takes less memory.",
                    )
                    return 1
                say(f"{told}. What was finished is kept, and the run starts again.")
        complain("Stopped.", _KEPT)
        return 130

    def _once(self) -> int:
        """Start the run and wait for its end; returns its exit code, minus the signal when it died of one."""
        line, theirs = socket.socketpair()
        with line:
            with theirs, _blocked(STOPPING):
                self._process = subprocess.Popen(  # noqa: S603 - this interpreter with code of ours
                    [sys.executable, "-P", "-c", _OF_THE_RUN, str(theirs.fileno()), *self._arguments],
                    pass_fds=[theirs.fileno()],
                    env=importing_alike(),
                    process_group=0,
                )
            self._place = ""
            with line.makefile() as places:
                for place in places:
                    self._place = place.rstrip()
            return self._process.wait()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Pass signals on; SIGHUP and SIGINT stay ignored where they are, as under `nohup` and behind `&`."""
        handlers = dict.fromkeys(STOPPING, self._stop) | {signal.SIGTSTP: self._suspend}
        before = {number: signal.getsignal(number) for number in handlers}
        for number, handler in handlers.items():
            if before[number] is not signal.SIG_IGN or number == signal.SIGTERM:
                signal.signal(number, handler)
        try:
            yield
        finally:
            for number, handler_before in before.items():
                signal.signal(number, handler_before)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Stop the run; the second time at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL if self._is_stopped else number)
        self._is_stopped = True

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z, until the shell lets both go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def _blocked(signals: Sequence[signal.Signals]) -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _killed_for_memory() -> int:
    """How many processes this machine has killed for want of memory; 0 where it does not count them."""
    statistics = Path("/proc/vmstat")
    lines = statistics.read_text().splitlines() if statistics.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
