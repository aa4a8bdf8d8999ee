"""Garbage: what is collected, and among what it is looked for."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def only_new_garbage() -> Iterator[None]:
    """Have Python look for garbage among what is made within the ``with`` only.

    A process with Dagster, models and lexicons in it holds a million objects. To look through all of them takes a fifth
    of a second, and the text of a hundred captions is enough to make Python do so.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
