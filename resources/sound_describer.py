"""Sound describers: one description of the sound events of a clip, in time."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter
from resources.errors import ClipError


@dataclass(frozen=True)
class SoundEvent:
    """One sound class over the stretches of a clip in which it is heard.

    Attributes:
        label: AudioSet class name.
        score: Clip-level score in [0, 1].
        spans: ``(start_s, end_s)`` pairs, sorted, not overlapping.
    """

    label: str
    score: float
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class SoundEvidence:
    """What a describer is shown of one clip: audio for a model that listens, events for one that writes from tags.

    Attributes:
        duration_s: Length of the clip.
        events: Sound events; empty for a describer with `needs_audio`.
        audio: ``(samples,) float32`` mono in [-1, 1] at `SoundDescriber.sample_rate_hz`, or None.
    """

    duration_s: float
    events: tuple[SoundEvent, ...] = ()
    audio: NDArray[np.float32] | None = None


class SoundDescriber(Adapter):
    """Protocol of a sound describer. `needs_audio` says which part of the evidence it consumes."""

    needs_audio: ClassVar[bool]
    sample_rate_hz: ClassVar[int] = 16_000

    @abstractmethod
    def describe(self, clips: Sequence[SoundEvidence]) -> Sequence[str | ClipError]:
        """Write one description, or the clip's own error, per clip, in order; empty where nothing can be described."""
