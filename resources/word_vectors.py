"""Vectors of words, by which grounding tells how near two of them are."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from resources.embedded.minilm import MiniLm


def word_vectors() -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Load the model and return what turns texts into vectors of length 1, ``(texts, 384) float32``.

    The coefficients of grounding were fitted with this model, so no profile chooses another.

    Raises:
        WeightsMissing: It is not in the cache of weights.
    """
    model = MiniLm()
    model.load()
    return model.embed
