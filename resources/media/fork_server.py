"""How decoders start: from a fork server, deaf to Ctrl-C and bounded in memory.

Never from this process, whose threads would not survive a fork.
"""

import resource
import signal
import sys
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.popen_forkserver import Popen
from multiprocessing.process import BaseProcess
from types import ModuleType

from resources.load_time import loads


class _Worker(ForkServerProcess):
    """A worker that does not import the script this process was started with.

    By default it would, which costs seconds where that script imports Dagster, runs all of it where it is not guarded,
    and kills every worker where it cannot be read again (``python -``).
    """

    @staticmethod
    def _Popen(process: BaseProcess) -> Popen:  # noqa: N802 - the name of multiprocessing
        script = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return ForkServerProcess._Popen(process)
        finally:
            sys.modules["__main__"] = script


class _Context(ForkServerContext):
    Process = _Worker


@loads
def worker_context(preloaded: list[str]) -> ForkServerContext:
    """Make the context that workers start from, with its server up and these modules imported there."""
    context = _Context()
    context.set_forkserver_preload(preloaded)
    _start_server(context)
    return context


def _start_server(context: ForkServerContext) -> None:
    """Start the server and wait for it.

    It is deaf to Ctrl-C, which a terminal sends to it too, and of which it would die aloud while it imports. What is
    waited for is a worker that does nothing: one of the pool would complain when nobody waits for it any more.
    """
    resource_tracker.ensure_running()  # which the server would start, and which lifts the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    first = context.Process(target=_nothing)
    first.start()
    first.join()


def _nothing() -> None: ...


def start_worker(memory_mb: int) -> None:
    """Prepare a worker: a bound on its memory, and Ctrl-C left to the parent, which ends its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
