"""The gates between cues: is there speech, any voice, music, anything beside the voice, and what else is heard?

They save work and stop hallucination: nothing is transcribed where nobody speaks, no music is described where there is
none. Tagger and segmenter must agree, since each alone is fooled (a bee is singing to one, a siren to the other).
"""

from typing import ClassVar

from pydantic import Field

from fusionaudio_assets.stage import Row
from resources.profile import Settings

COLUMNS = ("speech_s", "singing_s", "music_s", "speech_score", "singing_score", "music_score", "other_score")
"""Columns of `tags` that the gates read."""


class PresenceGate(Settings):
    """When a sound counts as present, and words as heard: for whoever looks closer, for captions and for questions."""

    gate_name: ClassVar[str] = "presence"

    min_speech_s: float = Field(0.3, ge=0, description="Least speech that the segmenter must find")
    min_speech_score: float = Field(0.2, ge=0, le=1, description="Least score of the tagger's speech classes")
    min_singing_s: float = Field(0.5, ge=0, description="Least singing that the segmenter must find")
    min_singing_score: float = Field(0.2, ge=0, le=1, description="Least score of the tagger's singing classes")
    min_music_s: float = Field(0.5, ge=0, description="Least music that the segmenter must find")
    min_music_score: float = Field(0.3, ge=0, le=1, description="Least score of the tagger's music classes")
    min_other_score: float = Field(0.3, ge=0, le=1, description="Least score of a sound beside voice and music")
    min_event_score: float = Field(0.45, ge=0, le=1, description="Events below this are not told of")
    min_brief_event_score: float = Field(0.6, ge=0, le=1, description="The same for events of a single frame")
    brief_event_s: float = Field(0.75, ge=0, description="Events up to this long count as brief")
    min_avg_logprob: float = Field(-1.0, le=0, description="Words are believed from this mean log-probability on")
    max_no_speech_prob: float = Field(0.6, ge=0, le=1, description="The same: no-speech probability, at most")
    max_compression_ratio: float = Field(2.4, gt=0, description="The same: above this ratio text repeats")
    min_believed_language_probability: float = Field(0.5, ge=0, le=1, description="The same: of the language, at least")
    min_language_probability: float = Field(0.9, ge=0, le=1, description="From here on the language may be named")


def has_speech(tags: Row, gate: PresenceGate) -> bool:
    """Somebody speaks."""
    return bool(tags["speech_s"] >= gate.min_speech_s and tags["speech_score"] >= gate.min_speech_score)


def has_singing(tags: Row, gate: PresenceGate) -> bool:
    """Somebody sings."""
    return bool(tags["singing_s"] >= gate.min_singing_s and tags["singing_score"] >= gate.min_singing_score)


def has_music(tags: Row, gate: PresenceGate) -> bool:
    """There is music."""
    return bool(tags["music_s"] >= gate.min_music_s and tags["music_score"] >= gate.min_music_score)


def has_other(tags: Row, gate: PresenceGate) -> bool:
    """There is a sound that is neither voice nor music."""
    return bool(tags["other_score"] >= gate.min_other_score)
