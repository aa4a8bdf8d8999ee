"""Clips side by side in threads: the work lets go of the interpreter's lock (networks, decoders, encoders)."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Found = TypeVar("Found")


def each(function: Callable[[Item], Found], items: Sequence[Item], threads: int = 0) -> list[Found]:
    """Apply a function to every item, `threads` of them at a time (0: one per core); results are in order.

    For graphs opened with one thread each. Threads that share one clip wait for each other, busily: with two of them,
    clips of ten seconds cost musicnn, Spleeter and EfficientNet half as much processor time again.
    """
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        return list(pool.map(function, items))


def one_thread_for_algebra() -> AbstractContextManager[object]:
    """Have NumPy's and SciPy's algebra done by the thread that asks for it, from this call on or within a ``with``.

    OpenBLAS takes a thread a core even for the small products of a clip's features, and its threads wait busily for
    the next one: where clips share the cores already, that took as much processor time as the networks.
    """
    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits
