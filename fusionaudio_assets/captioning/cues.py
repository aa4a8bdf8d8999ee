"""Everything that a caption may be made of: what the experts say about one clip.

Cues are what fusion consumes, so they are what its fingerprints are made of. Numbers are rounded on construction,
scores to 0.1, times to 0.1 s, tempo to 5 beats a minute, loudness to 3 LUFS: a figure that moves by less writes no
caption anew. Labels and events whose names are no plain names of sounds are left out: `names` says why.
"""

import hashlib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fusionaudio_assets.captioning.names import is_plain_name

CLIPS_AT_HAND = 256
"""Of so many clips it is kept what their cues say, for all who ask in turn: more than any batch."""


def _to_tenth(value: float) -> float:
    return round(value, 1)


def _to_5(value: float) -> float:
    return 5.0 * round(value / 5)


def _to_3(value: float) -> float:
    return 3.0 * round(value / 3)


Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(_to_tenth)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_to_tenth)]
Bpm = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_to_5)]
Lufs = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_to_3)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelCue(_Frozen):
    """A human label.

    Attributes:
        name: AudioSet display name, or a plain name of the source's own vocabulary.
        quality: Share of raters who confirm the label, in [0, 1]; None when nobody was asked.
        implied: As in `EventCue`.
    """

    name: str
    quality: Score | None = None
    implied: tuple[str, ...] = ()


class EventCue(_Frozen):
    """A sound event from the tagger.

    Attributes:
        label: AudioSet display name.
        score: Clip-level score in [0, 1].
        spans: ``(start_s, end_s)`` pairs in which it is heard, sorted.
        implied: Classes that the ontology says are heard whenever this one is (`resources.ontology`): wider names
            that a caption may use, and events that need no mention of their own.
    """

    label: str
    score: Score
    spans: tuple[tuple[Seconds, Seconds], ...] = ()
    implied: tuple[str, ...] = ()


def _named_plainly(labels: tuple[LabelCue, ...]) -> tuple[LabelCue, ...]:
    return tuple(label for label in labels if is_plain_name(label.name))


def _of_plain_classes(events: tuple[EventCue, ...]) -> tuple[EventCue, ...]:
    return tuple(event for event in events if is_plain_name(event.label))


class SpeechCue(_Frozen):
    """What is known about speech; whispers, shouts, conversations and monologues are events.

    Attributes:
        present: Somebody speaks.
        language: English name of the language when it is sure, else empty.
        text: The words of the transcript. They never reach a caption; they are here for the leak check, and for the
            prompts of large models where the profile says so.
    """

    present: bool = False
    language: str = ""
    text: str = ""


class MusicCue(_Frozen):
    """What is known about the music: words, best first."""

    genres: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    vocals: tuple[str, ...] = ()
    tempo_bpm: Bpm | None = None
    description: str = ""


class VisualCue(_Frozen):
    """What is seen. It may sharpen a generic sound, and never appears."""

    labels: tuple[str, ...] = ()
    description: str = ""


class StretchCue(_Frozen):
    """A time in which something sounds, measured on the signal.

    Attributes:
        start_s: Beginning.
        end_s: End.
        level_db: RMS level in dB of full scale.
        manner: Words for how it sounds, e.g. ``("low", "noisy")``; see `captioning.stretches`.
    """

    start_s: Seconds
    end_s: Seconds
    level_db: Lufs
    manner: tuple[str, ...] = ()


class Cues(_Frozen):
    """All cues of one clip. An absent cue is empty or None, and ignored.

    Attributes:
        duration_s: Length of the clip.
        labels: Human labels.
        events: Sound events, any order.
        stretches: When anything sounds, in order.
        sound: A description of the sound events.
        speech: None when the clip was not looked at for speech.
        singing: Somebody sings.
        music: None when there is no music.
        visual: None when there are no pictures.
        silent: The clip holds no sound to speak of.
        loudness_lufs: Integrated loudness, None when not measurable.
    """

    duration_s: Seconds
    labels: Annotated[tuple[LabelCue, ...], AfterValidator(_named_plainly)] = ()
    events: Annotated[tuple[EventCue, ...], AfterValidator(_of_plain_classes)] = ()
    stretches: tuple[StretchCue, ...] = ()
    sound: str = ""
    speech: SpeechCue | None = None
    singing: bool = False
    music: MusicCue | None = None
    visual: VisualCue | None = None
    silent: bool = False
    loudness_lufs: Lufs | None = None

    def audible_digest(self) -> str:
        """Return a hash of what is heard, without the words spoken, their language and the pictures.

        It picks among wordings, of which none tells those.
        """
        heard = self.model_dump_json(exclude={"visual": True, "speech": {"text", "language"}})
        return hashlib.sha256(heard.encode()).hexdigest()
