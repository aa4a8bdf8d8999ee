"""How much fits into memory at a time: found while working, so that nobody has to guess it."""

import gc
import logging
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from resources.errors import ModelUnavailable, OutOfMemory, clause

Item = TypeVar("Item")
Found = TypeVar("Found")

_NO_MEMORY = (
    "out of memory",  # torch and CTranslate2 on a GPU
    "alloc_failed",  # cuBLAS and cuDNN
    "can't allocate memory",  # torch on a CPU
    "failed to allocate memory",  # onnxruntime
    "bad allocation",
    "bad_alloc",
)
"""What libraries say, in small letters, when the memory of a GPU or of the machine does not suffice."""

_logger = logging.getLogger(__name__)


def is_out_of_memory(error: BaseException) -> bool:
    """True for an error which says that memory did not suffice: of any library, or of a model that did not load."""
    if isinstance(error, MemoryError | OutOfMemory):
        return True
    # torch.OutOfMemoryError is a RuntimeError; the others have no class of their own.
    if isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _NO_MEMORY):
        return True
    return isinstance(error, ModelUnavailable) and error.__cause__ is not None and is_out_of_memory(error.__cause__)


def release_memory() -> None:
    """Give back a GPU's memory that nobody uses: to other programs, and so that fragments stand in nobody's way."""
    gc.collect()  # networks hold themselves in circles
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


class Batches:
    """Computes in batches as large as memory bears: nothing is lost, nothing is computed twice.

    A batch that was full and fitted is followed by one twice as large. One that does not fit is halved and tried
    again, and from then on the size does not grow any more.

    Args:
        first: Items in the first batch.
        most: Where doubling ends; None stays with `first`.

    Attributes:
        size: Items in the next batch, at most.
    """

    def __init__(self, first: int, most: int | None = None) -> None:
        self.size = first
        self._most = first if most is None else most

    def compute(self, function: Callable[[Sequence[Item]], Sequence[Found]], items: Sequence[Item]) -> list[Found]:
        """Apply `function`, which gives one result an item, to batches of `items`; results are in order.

        Raises:
            OutOfMemory: A single item does not fit.
            Exception: Anything else that `function` raises.
        """
        found: list[Found] = []
        while len(found) < len(items):
            batch = items[len(found) : len(found) + self.size]
            results = _fitting(function, batch)
            if results is None:
                release_memory()  # only here, out of reach of the error, are the tensors of the batch let go of
                self.size = self._most = len(batch) // 2
                _logger.warning("A batch of %d does not fit into memory: going on with %d.", len(batch), self.size)
                continue
            found.extend(results)
            if len(batch) == self.size:
                self.size = max(self.size, min(2 * self.size, self._most))
        return found


def _fitting(function: Callable[[Sequence[Item]], Sequence[Found]], batch: Sequence[Item]) -> Sequence[Found] | None:
    """Results of a batch; None when it is too large.

    Raises:
        OutOfMemory: It is a single item.
    """
    try:
        return function(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(batch) == 1:
            said = clause(error) or type(error).__name__
            raise OutOfMemory(f"Memory does not suffice for one input alone: {said}.") from error
        return None
