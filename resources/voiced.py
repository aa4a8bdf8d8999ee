"""The part of a clip in which somebody speaks, found by Silero VAD: all of it that a recogniser needs to decode."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

from resources.recognizer import SpeechSegment, Transcript, Word
from resources.whisper_windows import SAMPLE_RATE_HZ, Decoding

_Timed = TypeVar("_Timed", SpeechSegment, Word)


@dataclass(frozen=True)
class Voiced:
    """The part of a clip from its first to its last speech, with a margin.

    Attributes:
        audio: ``(samples,) float32`` at 16 kHz; empty without speech.
        start_s: Where it starts in the clip.
        last_speech_s: Where its last speech ends, from its own start.
        speech_s: Seconds of speech in it.
    """

    audio: NDArray[np.float32]
    start_s: float
    last_speech_s: float
    speech_s: float

    def transcript(self, decoding: Decoding, *, full_window: bool) -> Transcript:
        """Put what was decoded in this part back into the clip's time; no time leaves the part."""
        last_s = self.start_s + len(self.audio) / SAMPLE_RATE_HZ

        def moved(item: _Timed) -> _Timed:
            start_s = min(round(float(self.start_s + item.start_s), 3), last_s)
            end_s = min(round(float(self.start_s + item.end_s), 3), last_s)
            return replace(item, start_s=start_s, end_s=max(start_s, end_s))

        return Transcript(
            text=decoding.text.strip(),
            segments=tuple(moved(segment) for segment in decoding.segments),
            words=tuple(moved(word) for word in decoding.words),
            language=decoding.language,
            language_probability=decoding.language_probability,
            speech_s=self.speech_s,
            full_window=full_window,
        )


def voiced_part(clip: NDArray[np.float32], *, threshold: float, margin_s: float) -> Voiced:
    """Find speech and cut the clip around it.

    Args:
        clip: ``(samples,) float32`` at 16 kHz.
        threshold: Silero's probability from which audio is speech, in (0, 1).
        margin_s: Audio kept before the first and after the last speech.
    """
    spans = get_speech_timestamps(clip, VadOptions(threshold=threshold, min_silence_duration_ms=300, speech_pad_ms=0))
    if not spans:
        return Voiced(clip[:0], 0.0, 0.0, 0.0)
    margin = round(margin_s * SAMPLE_RATE_HZ)
    start, end = max(0, spans[0]["start"] - margin), min(len(clip), spans[-1]["end"] + margin)
    return Voiced(
        audio=clip[start:end],
        start_s=start / SAMPLE_RATE_HZ,
        last_speech_s=(spans[-1]["end"] - start) / SAMPLE_RATE_HZ,
        speech_s=sum(span["end"] - span["start"] for span in spans) / SAMPLE_RATE_HZ,
    )
