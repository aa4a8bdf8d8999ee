"""Features that are extracted in a worker before the device asks for them."""

import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

Found = TypeVar("Found")


class Ahead(Generic[Found]):
    """Results of a function over arrays, kept for as long as the arrays live.

    Args:
        extract: The function; it is called from several threads.
    """

    def __init__(self, extract: Callable[[NDArray[Any]], Found]) -> None:
        self._extract = extract
        self._found: dict[int, Future[Found]] = {}

    def extract(self, array: NDArray[Any]) -> None:
        """Compute now what `of` will give; what is raised is raised there."""
        future: Future[Found] = Future()
        try:
            future.set_result(self._extract(array))
        except Exception as error:  # noqa: BLE001 - raised where the array is used, and may be told from others
            future.set_exception(error)
        self._found[id(array)] = future
        # An id is given again once its array is gone, and not before.
        weakref.finalize(array, self._found.pop, id(array), None)

    def of(self, array: NDArray[Any]) -> Found:
        """The result for an array, computed now if it was not before."""
        future = self._found.get(id(array))
        return self._extract(array) if future is None else future.result()
