"""Reader of PyTorch checkpoints in the format before 1.6, so that torch need not be installed.

Such a file is five pickles (magic number, protocol, system, the state dict, storage keys) and then the raw storages.
A pickle can name any class; the reader knows the few names that rebuild tensors and refuses all others, so nothing in
a file is ever executed.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from resources.errors import WeightsMissing

_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8"}


def read_checkpoint(path: Path) -> dict[str, NDArray[Any]]:
    """Read the tensors of a state dict.

    Raises:
        WeightsMissing: The file is not such a checkpoint, or it names something other than tensors.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream)
    except (OSError, EOFError, LookupError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise WeightsMissing(f"{path} is not a PyTorch checkpoint that can be read: {error}.") from error


def _read(stream: IO[bytes]) -> dict[str, NDArray[Any]]:
    if _TensorUnpickler(stream).load() != _MAGIC:
        raise ValueError("the magic number is missing")
    _TensorUnpickler(stream).load()  # protocol
    _TensorUnpickler(stream).load()  # system
    unpickler = _TensorUnpickler(stream)
    state = unpickler.load()
    for key in _TensorUnpickler(stream).load():
        storage = unpickler.storages[key]
        size = int.from_bytes(stream.read(8), "little")
        if size != len(storage):
            raise ValueError(f"storage {key} holds {size} numbers, {len(storage)} were announced")
        content = stream.read(storage.nbytes)
        storage[:] = np.frombuffer(content, storage.dtype)
    if not isinstance(state, dict) or not all(isinstance(tensor, np.ndarray) for tensor in state.values()):
        raise ValueError("it is not a dictionary of tensors")
    return dict(state)


class _TensorUnpickler(pickle.Unpickler):
    """Builds numpy arrays over storages that are filled afterwards."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self.storages: dict[str, NDArray[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGES:
            return np.dtype(_STORAGES[name])
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is not part of a tensor")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _, dtype, key, _, size, *_ = pid
        return self.storages.setdefault(key, np.empty(size, dtype))


def _rebuild_tensor(
    storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """A view of a storage; numpy checks that it lies inside."""
    width = storage.itemsize
    return np.ndarray(shape, storage.dtype, storage.data, offset * width, [stride * width for stride in strides])
