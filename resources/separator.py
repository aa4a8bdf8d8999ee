"""Separators: the vocals of a mixture. The rest is mixture − vocals by definition."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter


class Separator(Adapter):
    """Protocol of a vocal separator."""

    sample_rate_hz: ClassVar[int]

    @abstractmethod
    def separate(self, mixtures: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Separate the vocals.

        Args:
            mixtures: Each ``(channels, samples) float32`` in [-1, 1] at `sample_rate_hz`, 1 or 2 channels.

        Returns:
            The vocals of each mixture in its own shape, in order. Same number of channels and of samples.
        """
