"""Features that are extracted ahead: the same as those extracted in time, once, and gone with their sound."""

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.torch_models.ahead import Ahead


def test_what_was_extracted_ahead_is_not_extracted_again_and_goes_with_its_array() -> None:
    extracted: list[int] = []

    def extract(array: NDArray[np.float32]) -> float:
        extracted.append(len(array))
        return float(array.sum())

    ahead, early, late = Ahead(extract), np.ones(3, np.float32), np.ones(4, np.float32)
    ahead.extract(early)
    assert [ahead.of(array) for array in (early, late, early)] == [3, 4, 3]
    assert extracted == [3, 4]
    del early
    assert not ahead._found


def test_an_error_waits_until_the_clip_is_used() -> None:
    def extract(array: NDArray[np.float32]) -> None:
        raise MemoryError("no room")

    ahead, array = Ahead(extract), np.ones(3, np.float32)
    ahead.extract(array)
    with pytest.raises(MemoryError, match="no room"):
        ahead.of(array)
