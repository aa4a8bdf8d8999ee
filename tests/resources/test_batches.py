"""How the size of a batch is found: whatever memory does, every item is computed once and in order."""

from collections.abc import Callable, Sequence
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.batches import Batches, is_out_of_memory
from resources.errors import ClipError, ModelUnavailable, OutOfMemory
from tests.properties import examples

ERRORS = [
    RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA failed with error out of memory"),
    RuntimeError("Failed to allocate memory for requested buffer of size 1073741824"),
    MemoryError(),
]


_FEWER = examples(15)
"""Each shortage collects garbage, which takes a while in a process that holds many tests' modules."""


class Memory:
    """A device that holds so many items, now these and now those, and notes what it computed.

    Attributes:
        done: Items that were computed.
        sizes: Of the batches that fitted.
    """

    def __init__(self, fitting: Sequence[int], error: Exception = ERRORS[0]) -> None:
        self._fitting, self._error = cycle(fitting), error
        self.done: list[int] = []
        self.sizes: list[int] = []

    def negative(self, batch: Sequence[int]) -> list[int]:
        if len(batch) > next(self._fitting):
            raise self._error
        self.done.extend(batch)
        self.sizes.append(len(batch))
        return [-item for item in batch]


@_FEWER
@given(
    count=st.integers(0, 200),
    first=st.integers(1, 40),
    most=st.none() | st.integers(1, 80),
    fitting=st.lists(st.integers(1, 90), min_size=1, max_size=8),
    error=st.sampled_from(ERRORS),
)
def test_items_come_back_once_and_in_order_whatever_fits(
    count: int, first: int, most: int | None, fitting: list[int], error: Exception
) -> None:
    memory, batches = Memory(fitting, error), Batches(first, most)
    assert batches.compute(memory.negative, range(count)) == [-item for item in range(count)]
    assert memory.done == list(range(count))
    assert 1 <= batches.size <= max(first, most or 0)


@_FEWER
@given(
    count=st.integers(1, 60),
    first=st.integers(1, 20),
    most=st.integers(1, 80),
    fitting=st.lists(st.integers(0, 70), min_size=1, max_size=8),
)
def test_what_does_not_fit_alone_is_said_and_nothing_before_it_is_computed_twice(
    count: int, first: int, most: int, fitting: list[int]
) -> None:
    memory = Memory(fitting)
    try:
        assert len(Batches(first, most).compute(memory.negative, range(count))) == count
    except OutOfMemory as error:
        assert "one input alone: CUDA out of memory" in str(error)
        assert 0 in fitting
    assert memory.done == list(range(len(memory.done)))


def test_batches_double_as_long_as_they_fit_and_the_size_stays() -> None:
    memory, batches = Memory([37]), Batches(4, 64)
    batches.compute(memory.negative, range(200))
    assert memory.sizes[:5] == [4, 8, 16, 32, 32]
    assert batches.size == 32
    memory.sizes.clear()
    batches.compute(memory.negative, range(70))
    assert memory.sizes == [32, 32, 6]


@pytest.mark.parametrize(("most", "sizes"), [(None, [3] * 4), (7, [3, 6, 3]), (2, [3] * 4)])
def test_doubling_ends_where_it_is_told_to(most: int | None, sizes: list[int]) -> None:
    memory = Memory([1000])
    Batches(3, most).compute(memory.negative, range(12))
    assert memory.sizes == sizes


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes do not fit"),
        ValueError("out of memory"),
        ClipError("corrupt", "out of memory"),
        ModelUnavailable("the server is out of memory"),
    ],
)
def test_other_errors_are_raised_as_they_are(error: Exception) -> None:
    assert not is_out_of_memory(error)
    with pytest.raises(type(error), match=str(error)):
        Batches(4).compute(Memory([0], error).negative, [1, 2])


@pytest.mark.parametrize("cause", ERRORS, ids=str)
def test_a_model_that_finds_no_room_is_told_from_one_that_is_broken(cause: Exception) -> None:
    assert is_out_of_memory(cause)
    assert is_out_of_memory(raised_from(cause))
    assert not is_out_of_memory(raised_from(ValueError("not a checkpoint")))


def raised_from(cause: Exception) -> ModelUnavailable:
    error = ModelUnavailable("It does not load.")
    error.__cause__ = cause
    return error


def test_what_a_batch_held_is_let_go_of_before_it_is_tried_again() -> None:
    """Otherwise the half would have to fit beside the whole."""
    held: list[Callable[[], object]] = []

    class Tensor:
        """Something that can be watched."""

    def compute(batch: Sequence[int]) -> list[int]:
        from weakref import ref

        assert all(watched() is None for watched in held)
        inputs = Tensor()
        held.append(ref(inputs))
        if len(batch) > 1:
            raise RuntimeError("CUDA out of memory.")
        return list(batch)

    assert Batches(4).compute(compute, [1, 2, 3, 4]) == [1, 2, 3, 4]
