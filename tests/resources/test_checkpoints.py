"""The readers of TensorFlow and torch checkpoints, against files written here as the formats have them."""

import io
import os
import pickle
import sys
import types
from collections import OrderedDict
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from resources.embedded import tf_checkpoint, torch_checkpoint
from resources.errors import WeightsMissing

Tensors = dict[str, NDArray[Any]]
DTYPES: dict[np.dtype[Any], int] = {np.dtype("<f4"): 1, np.dtype("<f8"): 2, np.dtype("<i4"): 3, np.dtype("<i8"): 9}
ARRAYS = st.sampled_from(list(DTYPES)).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
)
TENSORS = st.dictionaries(st.text("ab/_1", min_size=1, max_size=12), ARRAYS, max_size=6)


def varint(value: int) -> bytes:
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A LevelDB block with prefix compression, one restart, no compression."""
    content, before = b"", b""
    for key, value in entries:
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, key, strict=False)))
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return content + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def write_tf(prefix: Path, tensors: Tensors) -> None:
    data, entries = b"", [(b"", field(1, 1))]
    for name, tensor in sorted(tensors.items()):
        shape = b"".join(field(2, field(1, side)) for side in tensor.shape)
        place = field(4, len(data)) + field(5, tensor.nbytes)
        checksum = varint(6 << 3 | 5) + bytes(4)
        entries.append((name.encode(), field(1, DTYPES[tensor.dtype]) + field(2, shape) + place + checksum))
        data += tensor.tobytes()
    table, handles = b"", []
    for part in (entries[: len(entries) // 2], entries[len(entries) // 2 :]):
        handles.append(varint(len(table)) + varint(len(block(part))))
        table += block(part) + bytes(5)
    index = block([(bytes([i]), handle) for i, handle in enumerate(handles)])
    footer = varint(0) + varint(0) + varint(len(table)) + varint(len(index))
    magic = bytes.fromhex("57fb808b247547db")
    Path(f"{prefix}.index").write_bytes(table + index + bytes(5) + footer.ljust(40, b"\0") + magic)
    Path(f"{prefix}.data-00000-of-00001").write_bytes(data + b"\0")


@given(TENSORS)
def test_a_tensorflow_checkpoint_is_read_as_it_was_written(tensors: Tensors) -> None:
    with TemporaryDirectory() as folder:
        write_tf(Path(folder) / "model", tensors)
        found = tf_checkpoint.read_checkpoint(Path(folder) / "model")
        assert found.keys() == tensors.keys()
        for name, tensor in tensors.items():
            assert found[name].dtype == tensor.dtype
            np.testing.assert_array_equal(found[name], tensor)


@given(st.data())
def test_a_damaged_tensorflow_checkpoint_gives_the_typed_error_or_tensors(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        write_tf(Path(folder) / "model", {"a": np.ones((2, 3), np.float32), "ab/c": np.zeros(4, np.int64)})
        index = Path(folder) / "model.index"
        damaged = bytearray(index.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        index.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
        try:
            tf_checkpoint.read_checkpoint(Path(folder) / "model")
        except WeightsMissing as error:
            assert "model.index" in str(error)


def test_a_missing_tensorflow_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"model\.index"):
        tf_checkpoint.read_checkpoint(tmp_path / "model")


class _Pickler(pickle.Pickler):
    """Writes arrays as torch wrote tensors before 1.6, with stand-ins for torch's names."""

    def __init__(self, stream: io.BytesIO, torch: types.ModuleType, utils: types.ModuleType) -> None:
        super().__init__(stream, protocol=2)
        self._storage, self._rebuild = torch.FloatStorage, utils._rebuild_tensor_v2
        self.storages: dict[str, NDArray[np.float32]] = {}

    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, memoryview):
            key = str(len(self.storages))
            self.storages[key] = np.frombuffer(obj, np.float32)
            return ("storage", self._storage, key, "cpu", len(self.storages[key]), None)
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, np.ndarray):
            strides = tuple(stride // 4 for stride in obj.strides)
            flat = obj.ravel(order="K")
            return self._rebuild, (flat.data, 0, obj.shape, strides, False, OrderedDict())
        return NotImplemented


def write_torch(path: Path, state: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})  # type: ignore[attr-defined]

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    stream = io.BytesIO()
    for header in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(header, stream, protocol=2)
    pickler = _Pickler(stream, torch, utils)
    pickler.dump(state)
    pickle.dump(list(pickler.storages), stream, protocol=2)
    for storage in pickler.storages.values():
        stream.write(len(storage).to_bytes(8, "little") + storage.tobytes())
    path.write_bytes(stream.getvalue())


def test_a_torch_checkpoint_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    state = OrderedDict(weight=matrix, transposed=matrix.T.copy(order="F"), bias=np.array([1.5], np.float32))
    write_torch(tmp_path / "model.pth", state, monkeypatch)
    found = torch_checkpoint.read_checkpoint(tmp_path / "model.pth")
    assert found.keys() == state.keys()
    for name, tensor in state.items():
        np.testing.assert_array_equal(found[name], tensor)


def test_a_pickle_that_names_anything_else_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Attack:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "attacked"),)

    write_torch(tmp_path / "model.pth", {"weight": Attack()}, monkeypatch)
    with pytest.raises(WeightsMissing, match="mkdir, which is not part of a tensor"):
        torch_checkpoint.read_checkpoint(tmp_path / "model.pth")
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("kept", [0, 1, 30, 0.5, -1])
def test_a_truncated_torch_checkpoint_gives_the_typed_error(
    kept: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.pth"
    write_torch(path, {"weight": np.ones((30, 40), np.float32)}, monkeypatch)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(WeightsMissing, match=r"model\.pth"):
        torch_checkpoint.read_checkpoint(path)
