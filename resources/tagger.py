"""Audio taggers: AudioSet classes with scores over time."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter


@dataclass(frozen=True)
class TagScores:
    """Scores of one clip.

    Attributes:
        scores: ``(frames, classes) float32`` in [0, 1], classes in the order of `Tagger.classes`; at least one frame.
        window_s: Length of the audio behind one frame.
        hop_s: Distance between the starts of two frames.
        clip: ``(classes,) float32`` in [0, 1] of the clip as a whole, from a tagger that hears it at once; None leaves
            it to the maximum over the frames.
    """

    scores: NDArray[np.float32]
    window_s: float
    hop_s: float
    clip: NDArray[np.float32] | None = None


class Tagger(Adapter):
    """Protocol of an AudioSet tagger."""

    sample_rate_hz: ClassVar[int]

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """AudioSet class names (display names of the ontology), in the order of the scores."""

    def ahead(self, clip: NDArray[np.float32]) -> None:
        """Be shown a clip that is soon to be tagged; by default this does nothing.

        Workers call it, in threads: a model whose features take time extracts them here, and its device need not wait.
        """

    @abstractmethod
    def tag(self, clips: Sequence[NDArray[np.float32]]) -> list[TagScores]:
        """Score every clip.

        Args:
            clips: Mono audio, each ``(samples,) float32`` in [-1, 1] at `sample_rate_hz`, of any length from 1 sample.

        Returns:
            One `TagScores` per clip, in order.
        """
