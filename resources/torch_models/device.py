"""Where torch computes, and how much at a time: what all adapters on torch share, and no model.

torch comes with the extra `gpu`. Without it these modules still import, so that a profile which names them is read and
validated anywhere; loading a model then says what to install.
"""

import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from resources.errors import ModelUnavailable, SettingError, clause

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["float32", "bfloat16", "float16"]

Item = TypeVar("Item")
Found = TypeVar("Found")

_NO_MEMORY = ("out of memory", "can't allocate memory")
"""What torch's errors say when the memory of a GPU, or of the machine, does not suffice."""

_logger = logging.getLogger(__name__)


def imported(module: str) -> Any:
    """Import what the extra `gpu` brings.

    Raises:
        ModelUnavailable: It is not installed, or does not import here.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError, RuntimeError) as error:  # a torch built for other drivers raises the latter two
        raise not_installed(module.partition(".")[0], f"does not import: {clause(error)}") from error


def not_installed(package: str, why: str) -> ModelUnavailable:
    """The error of a model whose library is not there."""
    return ModelUnavailable(
        f"This model needs {package}, which {why}.", hint="Install it with `pip install 'fusionaudio[gpu]'`."
    )


def chosen_device(device: Device) -> str:
    """Name of the device in torch's words: ``"cuda"`` or ``"cpu"``.

    Raises:
        SettingError: A GPU is asked for and there is none.
        ModelUnavailable: torch is not installed.
    """
    has_gpu = bool(imported("torch").cuda.is_available())
    if device == "cuda" and not has_gpu:
        raise SettingError(
            "device is 'cuda', but torch sees no GPU on this machine.",
            hint="Set device to 'auto' or 'cpu', or install a torch that fits the driver.",
        )
    return "cuda" if has_gpu and device != "cpu" else "cpu"


class Batches:
    """Computes in batches, half as large from when one does not fit into memory: nothing is lost, nothing repeated.

    Attributes:
        size: Most items in a batch from now on.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def compute(self, function: Callable[[Sequence[Item]], Sequence[Found]], items: Sequence[Item]) -> list[Found]:
        """Apply `function`, which gives one result an item, to batches of `items`; results are in order.

        Raises:
            RuntimeError: A single item does not fit, as torch says it; or anything else that `function` raises.
        """
        found: list[Found] = []
        while len(found) < len(items):
            batch = items[len(found) : len(found) + self.size]
            if (results := self._fitting(function, batch)) is not None:
                found.extend(results)
            else:
                # Only here, out of reach of the error, are the tensors of the batch let go of.
                release_memory()
                self.size = len(batch) // 2
                _logger.warning("A batch of %d does not fit into memory: going on with %d.", len(batch), self.size)
        return found

    @staticmethod
    def _fitting(
        function: Callable[[Sequence[Item]], Sequence[Found]], batch: Sequence[Item]
    ) -> Sequence[Found] | None:
        """Results of a batch; None when it is too large, unless it is a single item."""
        try:
            return function(batch)
        except RuntimeError as error:  # torch.OutOfMemoryError is one; that of the CPU's allocator has no class
            if len(batch) == 1 or not any(words in str(error) for words in _NO_MEMORY):
                raise
            return None


def release_memory() -> None:
    """Give back what torch keeps of a GPU's memory: to other programs, and so that fragments stand in nobody's way."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
