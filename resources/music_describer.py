"""Music describers: genre, instruments, tempo and mood of a clip that holds music."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter
from resources.errors import ClipError


@dataclass(frozen=True)
class Labelled:
    """A label with its score in [0, 1]."""

    label: str
    score: float


@dataclass(frozen=True)
class MusicDescription:
    """What a model says about the music of one clip.

    Attributes:
        genres: Best first; may be empty. Lower-case English nouns, e.g. ``"ambient"``.
        instruments: Best first, e.g. ``"acoustic guitar"``.
        moods: Best first, e.g. ``"calm"``.
        vocals: Words about singing voices, e.g. ``"female vocals"``; may be empty.
        tempo_bpm: Measured beats per minute, None when no steady beat was found.
        description: One or two sentences of plain English about the music alone.
    """

    genres: tuple[Labelled, ...] = ()
    instruments: tuple[Labelled, ...] = ()
    moods: tuple[Labelled, ...] = ()
    vocals: tuple[Labelled, ...] = ()
    tempo_bpm: float | None = None
    description: str = ""
    raw: tuple[Labelled, ...] = field(default=())
    """Every label the model scored above its floor, unsorted into kinds, for whoever wants to look."""


class MusicDescriber(Adapter):
    """Protocol of a music describer."""

    sample_rate_hz: ClassVar[int]

    @abstractmethod
    def describe(self, clips: Sequence[NDArray[np.float32]]) -> Sequence[MusicDescription | ClipError]:
        """Describe mono clips, each ``(samples,) float32`` in [-1, 1] at `sample_rate_hz`, in order.

        Returns:
            For each clip its description, or the clip's own error.
        """
