"""Reader of TensorFlow checkpoints (`tensor bundles`), so that TensorFlow need not be installed.

A checkpoint is a pair of files. ``<prefix>.index`` is a LevelDB table from tensor names to `BundleEntryProto`
messages; ``<prefix>.data-00000-of-00001`` holds the tensors, raw. Formats: LevelDB's ``doc/table_format.md`` and
TensorFlow's ``tensor_bundle.proto``. The checksums inside are not verified: whoever calls has hashed the files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.errors import WeightsMissing

_TABLE_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER_BYTES = 48
_DTYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 2: np.dtype("<f8"), 3: np.dtype("<i4"), 9: np.dtype("<i8")}
"""numpy types of TensorFlow's `DataType` numbers."""


def read_checkpoint(prefix: Path) -> dict[str, NDArray[Any]]:
    """Read every tensor of a checkpoint in one data file.

    Args:
        prefix: Path without ``.index``.

    Returns:
        Tensors by name, read-only views of the mapped data file.

    Raises:
        WeightsMissing: The files are not such a checkpoint.
    """
    index, data = Path(f"{prefix}.index"), Path(f"{prefix}.data-00000-of-00001")
    try:
        stored = np.memmap(data, dtype=np.uint8, mode="r")
        entries = {name.decode(): entry for name, entry in _table(index.read_bytes())}
        del entries[""]  # the header; that there is one data file stands in its name
        return {name: _tensor(entry, stored) for name, entry in entries.items()}
    except (OSError, ArithmeticError, LookupError, ValueError) as error:
        raise WeightsMissing(f"{index} is not a TensorFlow checkpoint that can be read: {error}.") from error


def _tensor(entry: bytes, stored: NDArray[np.uint8]) -> NDArray[Any]:
    numbers = _numbers(entry)  # 1 data type, 4 offset, 5 size; absent numbers are zero, as protobuf has it
    dtype, offset, size = _DTYPES[numbers[1]], numbers.get(4, 0), numbers.get(5, 0)
    shape = [_numbers(dim)[1] for message in _messages(entry, 2) for dim in _messages(message, 2)]
    return np.frombuffer(stored, dtype, size // dtype.itemsize, offset).reshape(shape)


def _table(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a LevelDB table: its footer points to the index block, that to the data blocks."""
    footer = table[-_FOOTER_BYTES:]
    if not footer.endswith(_TABLE_MAGIC):
        raise ValueError("the table's magic number is missing")
    _, position = _handle(footer, 0)
    index, _ = _handle(footer, position)
    for _, handle in _block(table, index):
        yield from _block(table, _handle(handle, 0)[0])


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = _varint(data, position)
    size, position = _varint(data, position)
    return (offset, size), position


def _block(table: bytes, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    """Entries of one block; each key is stored as the length it shares with the key before and the rest."""
    offset, size = handle
    if table[offset + size] != 0:
        raise ValueError("its blocks are compressed")
    block = table[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end, position, key = size - 4 * (restarts + 1), 0, b""
    while position < end:
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + length]
        position += length


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        match tag & 7:
            case 0:
                value, position = _varint(data, position)
                yield tag >> 3, value
            case 2:
                length, position = _varint(data, position)
                yield tag >> 3, data[position : position + length]
                position += length
            case 1 | 5 as wire:
                position += 8 if wire == 1 else 4
            case wire:
                raise ValueError(f"protobuf wire type {wire} is unknown")


def _numbers(message: bytes) -> dict[int, int]:
    return {field: value for field, value in _fields(message) if isinstance(value, int)}


def _messages(message: bytes, field: int) -> list[bytes]:
    return [value for number, value in _fields(message) if number == field and isinstance(value, bytes)]


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A base-128 number, low bits first, and the position after it."""
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if not byte & 0x80:
            return value, position
