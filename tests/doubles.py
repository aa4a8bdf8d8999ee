"""Models that need no weights: fast, fixed answers behind the real protocols, and a profile made of them.

They stand in where the platform around the models is tested. Contract tests run on the real adapters.
"""

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import yaml
from numpy.typing import NDArray

from resources.adapter import Adapter
from resources.errors import ClipError
from resources.image_describer import ImageDescriber, SeenFrame, VisualDescription
from resources.language_model import ChatReply, ChatRequest, LanguageModel
from resources.media import KeyFrame
from resources.music_describer import Labelled, MusicDescriber, MusicDescription
from resources.profile import StageNeeds
from resources.recognizer import Recognizer, SpeechSegment, Transcript, Word
from resources.segmenter import Segment, Segmenter
from resources.separator import Separator
from resources.similarity import CaptionedClip, SimilarityScorer
from resources.sound_describer import SoundDescriber, SoundEvidence
from resources.tagger import Tagger, TagScores

FloatArray = NDArray[np.float32]


class Double(Adapter, ABC):
    """What all doubles share: nothing to load, nothing that could fail."""

    sample_rate_hz: ClassVar[int] = 16_000

    @property
    def model_name(self) -> str:
        return f"double-{type(self).__name__.lower()}"

    def load(self) -> None: ...

    def probe(self) -> None: ...


class Tags(Double, Tagger):
    """A dog is heard in everything."""

    @property
    def classes(self) -> tuple[str, ...]:
        return ("Speech", "Music", "Dog", "Silence")

    def tag(self, clips: Sequence[FloatArray]) -> list[TagScores]:
        scores = np.array([[0.9, 0.8, 0.7, 0.0]], np.float32)
        return [TagScores(scores, window_s=1.0, hop_s=1.0) for _ in clips]


class Segments(Double, Segmenter):
    """Everything is speech and music from end to end."""

    def segment(self, clips: Sequence[FloatArray]) -> list[list[Segment]]:
        return [
            [Segment("speech", 0.0, clip.size / 16_000), Segment("music", 0.0, clip.size / 16_000)] for clip in clips
        ]


class Halves(Double, Separator):
    """Half of the sound is the voice."""

    def separate(self, mixtures: Sequence[FloatArray]) -> list[FloatArray]:
        return [mixture * np.float32(0.5) for mixture in mixtures]


class Hello(Double, Recognizer):
    """Everybody says hello."""

    def transcribe(self, clips: Sequence[FloatArray]) -> list[Transcript]:
        segment = SpeechSegment("hello", 0.0, 0.5, avg_logprob=-0.1, no_speech_prob=0.01, compression_ratio=1.0)
        return [Transcript("hello", (segment,), (Word("hello", 0.0, 0.5, 0.9),), "en", 0.99, 0.5, False) for _ in clips]


class Barking(Double, SoundDescriber):
    """One description fits all."""

    needs_audio: ClassVar[bool] = False

    def describe(self, clips: Sequence[SoundEvidence]) -> list[str]:
        return ["A dog barks." for _ in clips]


class Waltz(Double, MusicDescriber):
    """All music is a waltz."""

    def describe(self, clips: Sequence[FloatArray]) -> list[MusicDescription]:
        return [
            MusicDescription(genres=(Labelled("waltz", 0.9),), tempo_bpm=90.0, description="A slow waltz.")
            for _ in clips
        ]


class Meadow(Double, ImageDescriber):
    """All pictures show a meadow."""

    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription]:
        return [
            VisualDescription(tuple(SeenFrame(f.time_s, (Labelled("meadow", 0.9),)) for f in frames), "A meadow.")
            for frames in clips
        ]


class Chat(Double, LanguageModel):
    """Answers in a form that no schema accepts, so that whoever asks falls back on what it can do alone."""

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        return [ChatReply("A dog barks while a slow waltz plays and somebody speaks.") for _ in requests]


class Fits(Double, SimilarityScorer):
    """Every caption fits."""

    needs_audio: ClassVar[bool] = False

    def score(self, clips: Sequence[CaptionedClip]) -> list[float]:
        return [0.9 for _ in clips]


DOUBLES: list[type[Double]] = [Tags, Segments, Halves, Hello, Barking, Waltz, Meadow, Chat, Fits]


def double_profile(needs: Mapping[str, StageNeeds]) -> str:
    """YAML of a profile that serves every stage with doubles; a kind without one serves itself."""
    stages: dict[str, Any] = {
        stage: {"models": {role: {"adapter": _dotted(_double_of(kind))} for role, kind in need.models.items()}}
        for stage, need in needs.items()
    }
    return yaml.safe_dump({"name": "doubles", "description": "No models at all.", "stages": stages})


def _double_of(kind: type[Adapter]) -> type[Adapter]:
    return next((double for double in DOUBLES if issubclass(double, kind)), kind)


def _dotted(adapter: type[Adapter]) -> str:
    return f"{adapter.__module__}.{adapter.__qualname__}"
