"""Models that answer at once with plausible content, one of every kind.

What they say depends on the clip, so that rows differ as real ones do, and everybody speaks over music beside some
other sound, so that no gate spares a stage its work.
"""

import zlib
from abc import ABC
from collections.abc import Sequence
from functools import cached_property
from itertools import combinations, islice
from math import comb
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter, Json
from resources.errors import ClipError
from resources.image_describer import ImageDescriber, SeenFrame, VisualDescription
from resources.language_model import ChatReply, ChatRequest, LanguageModel
from resources.media import KeyFrame
from resources.music_describer import Labelled, MusicDescriber, MusicDescription
from resources.ontology import load_ontology
from resources.recognizer import Recognizer, SpeechSegment, Transcript, Word
from resources.segmenter import Segment, Segmenter, SegmentKind
from resources.separator import Separator
from resources.similarity import CaptionedClip, SimilarityScorer
from resources.sound_describer import SoundDescriber, SoundEvidence
from resources.tagger import Tagger, TagScores

FloatArray = NDArray[np.float32]

SOUNDS = (
    *(
        "Bark",
        "Meow",
        "Moo",
        "Oink",
        "Crow",
        "Owl",
        "Frog",
        "Cricket",
        "Rain",
        "Thunder",
        "Wind",
        "Fire",
        "Church bell",
    ),
    *(
        "Doorbell",
        "Knock",
        "Applause",
        "Cough",
        "Sneeze",
        "Helicopter",
        "Chainsaw",
        "Hammer",
        "Printer",
        "Toilet flush",
    ),
)
"""Every clip has three of them, so that few captions are the same."""

GENRES = ("jazz", "rock", "ambient", "folk", "classical")


class Stub(Adapter, ABC):
    """What all stubs share: nothing to load, nothing that could fail."""

    sample_rate_hz: ClassVar[int] = 16_000

    @property
    def model_name(self) -> str:
        """Name of the stub."""
        return type(self).__name__

    def load(self) -> None:
        """Do nothing."""

    def probe(self) -> None:
        """Do nothing."""


class StubTagger(Stub, Tagger):
    """Speech, music and three other sounds in every clip, out of all classes of the ontology."""

    @cached_property
    def _classes(self) -> tuple[str, ...]:
        ontology = load_ontology()
        return tuple(name for name in ontology.names if not ontology[name].abstract)

    @property
    def classes(self) -> tuple[str, ...]:
        """All classes that label audio."""
        return self._classes

    @cached_property
    def _faint(self) -> FloatArray:
        return np.random.default_rng(0).uniform(0, 0.05, (1, len(self._classes))).astype(np.float32)

    def tag(self, clips: Sequence[FloatArray]) -> list[TagScores]:
        """One frame a clip."""
        return [TagScores(self._scores(clip), window_s=0.96, hop_s=0.48) for clip in clips]

    def _scores(self, clip: FloatArray) -> FloatArray:
        heard = combinations(SOUNDS, 3)
        sounds = next(islice(heard, _choice(clip, comb(len(SOUNDS), 3)), None))
        scores = self._faint.copy()
        for name, score in (("Speech", 0.9), ("Music", 0.8), *((sound, 0.7) for sound in sounds)):
            scores[0, self._classes.index(name)] = score
        return scores


class StubSegmenter(Stub, Segmenter):
    """Speech and music from end to end."""

    def segment(self, clips: Sequence[FloatArray]) -> list[list[Segment]]:
        """Two segments a clip."""
        kinds: tuple[SegmentKind, ...] = ("music", "speech")
        return [[Segment(kind, 0.0, clip.size / self.sample_rate_hz) for kind in kinds] for clip in clips]


class StubSeparator(Stub, Separator):
    """Half of the sound is the voice."""

    def separate(self, mixtures: Sequence[FloatArray]) -> list[FloatArray]:
        """Halve every mixture."""
        return [mixture * np.float32(0.5) for mixture in mixtures]


class StubRecognizer(Stub, Recognizer):
    """Two words in every clip."""

    def transcribe(self, clips: Sequence[FloatArray]) -> list[Transcript]:
        """A number of the clip's own."""
        return [self._transcript(f"Number {_choice(clip, 1000)}", clip.size / self.sample_rate_hz) for clip in clips]

    def _transcript(self, text: str, duration_s: float) -> Transcript:
        segment = SpeechSegment(text, 0.0, duration_s, avg_logprob=-0.2, no_speech_prob=0.01, compression_ratio=1.2)
        half_s = duration_s / 2
        words = tuple(Word(word, half_s * i, half_s * (i + 1), 0.9) for i, word in enumerate(text.split()))
        return Transcript(text, (segment,), words, "en", 0.99, speech_s=duration_s, full_window=False)


class StubSoundDescriber(Stub, SoundDescriber):
    """Names the events."""

    needs_audio: ClassVar[bool] = False

    def describe(self, clips: Sequence[SoundEvidence]) -> list[str]:
        """One sentence a clip."""
        return [f"Heard: {', '.join(event.label for event in clip.events)}." for clip in clips]


class StubMusicDescriber(Stub, MusicDescriber):
    """Piano music of some genre."""

    def describe(self, clips: Sequence[FloatArray]) -> list[MusicDescription]:
        """One description a clip."""
        return [self._description(GENRES[_choice(clip, len(GENRES))]) for clip in clips]

    def _description(self, genre: str) -> MusicDescription:
        named = Labelled(genre, 0.8), Labelled("piano", 0.7), Labelled("calm", 0.6)
        text = f"Calm {genre} music with piano."
        return MusicDescription(named[:1], named[1:2], named[2:], (), 90.0, text, raw=named)


class StubImageDescriber(Stub, ImageDescriber):
    """All pictures show a meadow."""

    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription]:
        """One label a frame."""
        seen = (Labelled("meadow", 0.9),)
        return [VisualDescription(tuple(SeenFrame(f.time_s, seen) for f in frames), "A meadow.") for frames in clips]


class StubLanguageModel(Stub, LanguageModel):
    """Fills whatever form is asked for."""

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """One reply a request."""
        return [self._reply(request) for request in requests]

    def _reply(self, request: ChatRequest) -> ChatReply:
        text = f"Someone talks while {request.messages[-1].content.partition('. ')[0]} and calm piano music plays."
        filled: dict[str, Json] = {
            "caption": text,
            "ambiguities": [],
            "abstain": False,
            "question": "What can be heard?",
            "answer": text,
        }
        asked = (request.schema or {}).get("properties")
        names = asked if isinstance(asked, dict) else filled
        data: Json = {name: filled.get(name, "") for name in names}
        return ChatReply(text, prompt_tokens=200, completion_tokens=20, data=data)


class StubScorer(Stub, SimilarityScorer):
    """Captions fit well, each in its own measure."""

    needs_audio: ClassVar[bool] = False

    def score(self, clips: Sequence[CaptionedClip]) -> list[float]:
        """A score from 0.5 to 0.9 that follows from the caption."""
        return [0.5 + 0.4 * (zlib.crc32(clip.caption.encode()) % 1000) / 1000 for clip in clips]


def _choice(clip: FloatArray, count: int) -> int:
    """A number below `count` that follows from the clip's samples."""
    return int(np.abs(clip[:64]).sum() * 1e5) % count
