"""How long this process has spent on loading models: a cost that a run has once, not once a clip."""

import time
from collections.abc import Callable
from functools import wraps
from threading import Lock, local
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Loaded = TypeVar("Loaded")

_total_s = 0.0
_lock = Lock()
_thread = local()


def loads(load: Callable[Arguments, Loaded]) -> Callable[Arguments, Loaded]:
    """Decorate what loads weights or starts a server, so that its time is told apart from that of the clips."""

    @wraps(load)
    def timed(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Loaded:
        global _total_s  # noqa: PLW0603 - one clock for the process, as models are shared in it
        if getattr(_thread, "loading", False):  # what one load does inside another is not counted twice
            return load(*args, **kwargs)
        _thread.loading = True
        start = time.perf_counter()
        try:
            return load(*args, **kwargs)
        finally:
            _thread.loading = False
            with _lock:
                _total_s += time.perf_counter() - start

    return timed


def loading_s() -> float:
    """Wall seconds that this process has spent on loading so far."""
    return _total_s
