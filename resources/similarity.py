"""Similarity scorers: how well a caption fits its clip."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter


@dataclass(frozen=True)
class CaptionedClip:
    """A caption with what it is compared to.

    Attributes:
        caption: English text.
        labels: AudioSet classes heard in the clip with their scores; for scorers without `needs_audio`.
        audio: ``(samples,) float32`` mono in [-1, 1] at `sample_rate_hz`; for scorers with `needs_audio`.
    """

    caption: str
    labels: tuple[tuple[str, float], ...] = ()
    audio: NDArray[np.float32] | None = None


class SimilarityScorer(Adapter):
    """Protocol of a caption scorer. Scores of different scorers are on different scales."""

    needs_audio: ClassVar[bool]
    sample_rate_hz: ClassVar[int] = 48_000

    def ahead(self, clip: NDArray[np.float32]) -> None:
        """Be shown a clip that is soon to be scored; by default this does nothing.

        Workers call it, in threads: a model whose features take time extracts them here, and its device need not wait.
        """

    @abstractmethod
    def score(self, clips: Sequence[CaptionedClip]) -> list[float]:
        """Score every captioned clip, a cosine in [-1, 1], in order."""
