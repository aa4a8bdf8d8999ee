"""Garbage that is older than a piece of work waits until the work is done."""

import gc
import weakref

import pytest

from resources.garbage import only_new_garbage


class Knot:
    """Refers to itself, so that only the collector can take it away."""

    def __init__(self) -> None:
        self.self = self


def tied() -> "weakref.ref[Knot]":
    return weakref.ref(Knot())


def test_new_garbage_is_collected_and_old_garbage_afterwards() -> None:
    gc.disable()
    try:
        old = tied()
        with only_new_garbage():
            new = tied()
            gc.collect()
            assert new() is None
            assert old() is not None
        gc.collect()
        assert old() is None
    finally:
        gc.enable()


def test_an_error_leaves_nothing_frozen() -> None:
    frozen = gc.get_freeze_count()
    with pytest.raises(ValueError, match="told"), only_new_garbage():
        raise ValueError("told")
    assert gc.get_freeze_count() <= frozen
