"""Work that lets go of the interpreter's lock (networks, decoders, encoders), side by side in threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def each(function: Callable[[Item], Found], items: Sequence[Item], threads: int = 0) -> list[Found]:
    """Apply a function to every item, `threads` of them at a time (0: one per core); results are in order.

    For graphs opened with one thread each. Threads that share one clip wait for each other, busily: with two of them,
    clips of ten seconds cost musicnn, Spleeter and EfficientNet half as much processor time again.
    """
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        return list(pool.map(function, items))
