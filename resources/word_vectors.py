"""Vectors of words, by which grounding tells how near two of them are."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from resources.embedded import minilm
from resources.embedded.weights import revision, weight_path

WEIGHT = minilm.WEIGHT
"""The coefficients of grounding were fitted with this model, so no profile chooses another."""


def word_vectors(*, lazily: bool = False) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Return what turns texts into vectors of length 1, ``(texts, 384) float32``.

    Args:
        lazily: Load the model not now but with the first text.

    Raises:
        WeightsMissing: It is not in the cache of weights.
    """
    model = minilm.MiniLm()
    if lazily:
        weight_path(WEIGHT)  # what is missing is told before the work that needs it
    else:
        model.load()
    return model.embed


def vectors_revision() -> str:
    """SHA-256 of the model."""
    return revision(WEIGHT)
