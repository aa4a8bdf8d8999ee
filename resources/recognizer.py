"""Speech recognisers: words with times and confidences."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter


@dataclass(frozen=True)
class Word:
    """One word; times in seconds from the start of the clip, probability in [0, 1]."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True)
class SpeechSegment:
    """One recognised segment; all confidences as the model gives them.

    Attributes:
        avg_logprob: Mean log-probability of its tokens, ≤ 0.
        no_speech_prob: Probability in [0, 1] that the window holds no speech.
        compression_ratio: zlib ratio of the text; above about 2.4 it repeats itself.
    """

    text: str
    start_s: float
    end_s: float
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


@dataclass(frozen=True)
class Transcript:
    """What was recognised in one clip. `text` is empty when nothing was.

    Attributes:
        language: ISO 639-1 code, or empty when no speech was found.
        language_probability: In [0, 1].
        speech_s: Seconds of speech that the recogniser's own voice activity detection found.
        full_window: True when the short window was not trusted and the full 30 s window was used.
    """

    text: str
    segments: tuple[SpeechSegment, ...]
    words: tuple[Word, ...]
    language: str
    language_probability: float
    speech_s: float
    full_window: bool


class Recognizer(Adapter):
    """Protocol of a speech recogniser."""

    sample_rate_hz: ClassVar[int]

    @abstractmethod
    def transcribe(self, clips: Sequence[NDArray[np.float32]]) -> list[Transcript]:
        """Transcribe mono clips, each ``(samples,) float32`` in [-1, 1] at `sample_rate_hz`, in order."""
